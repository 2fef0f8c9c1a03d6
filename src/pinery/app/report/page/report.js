// The price chart with its trades, and the start of the page.

class ReportPage extends Page {
  drawAlerts(ctx, view) {
    super.drawAlerts(ctx, view);
    const { trades } = this.data.report;
    const crowded = view.spacing < 3;
    ctx.save();
    for (let i = 0; i < trades.number.length; i++) {
      if (trades.entry[i] > view.last + 1 || trades.exit[i] < view.first - 1) continue;
      this.drawTrade(ctx, view, trades, i, crowded);
    }
    ctx.restore();
  }

  // A line from entry to exit; a triangle beside the entry's bar that points the way; a disc at the exit, hollow after a
  // loss.
  drawTrade(ctx, view, trades, i, crowded) {
    const from = [view.x(trades.entry[i]), view.y(trades.entryPrice[i])], to = [view.x(trades.exit[i]), view.y(trades.exitPrice[i])];
    if (from[1] === null || to[1] === null) return;
    const won = trades.profit[i] >= 0, color = won ? this.theme.up : this.theme.down, buys = trades.side[i] > 0;
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.lineWidth = crowded ? 1 : 1.5;
    ctx.setLineDash(crowded ? [] : [4, 3]);
    stroke(ctx, [from, to]);
    ctx.setLineDash([]);
    if (crowded) return;
    const x = from[0], size = 5, way = buys ? 1 : -1;
    const edge = view.y(buys ? view.low[trades.entry[i]] : view.high[trades.entry[i]]), tip = (edge ?? from[1]) + way * 5;
    ctx.fillStyle = this.theme.accent;
    polygon(ctx, [[x, tip], [x + size, tip + way * size * 1.8], [x - size, tip + way * size * 1.8]]);
    if (!trades.open[i]) {
      ctx.beginPath();
      ctx.arc(to[0], to[1], 3.5, 0, 2 * Math.PI);
      ctx.fillStyle = won ? color : this.theme.paper;
      ctx.strokeStyle = color;
      ctx.fill();
      ctx.stroke();
    }
    if (view.spacing > 14) {
      ctx.font = `11px ${this.theme.font}`;
      ctx.textAlign = "center";
      ctx.textBaseline = buys ? "top" : "bottom";
      ctx.fillStyle = this.theme.accent;
      ctx.fillText(trades.entrySignal[i].slice(0, 24), x, tip + way * 12);
    }
  }
}

// The wheel scrolls the page; it moves the chart only after a click into it, until the pointer leaves.
function tameWheel(page) {
  const wheel = (on) => page.chart.applyOptions({ handleScroll: { mouseWheel: on }, handleScale: { mouseWheel: on } });
  wheel(false);
  page.box.addEventListener("pointerdown", () => wheel(true), true);
  page.box.addEventListener("pointerleave", () => wheel(false));
}

async function main() {
  const root = document.documentElement;
  chooseLook(root);
  const data = await unpack();
  const page = new ReportPage(data);
  drawFacts(data);
  page.start();
  tameWheel(page);
  drawEquity(document.getElementById("equity"), data, page);
  drawMonths(document.getElementById("months"), data);
  drawSpread(document.getElementById("spread"), data);
  drawTrades(document.getElementById("list"), data, page);
  bindSwitch("theme", "theme", ["dark", "light"], page);
  bindSwitch("tones", "tones", ["green", "blue"], page);
  document.getElementById("fit").onclick = () => page.chart.timeScale().fitContent();
  document.getElementById("log").onclick = (event) => {
    const log = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(log));
    page.chart.priceScale("right", MAIN).applyOptions({ mode: log ? 1 : 0 });
  };
  root.dataset.ready = "yes";
}

main().catch((error) => {
  document.getElementById("notes").textContent = `This report could not be drawn: ${error.message}. A current Chrome, Edge, Firefox or Safari is needed.`;
  throw error;
});
