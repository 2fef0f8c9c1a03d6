// The price chart with its trades, and the start of the page.

class ReportChart extends ChartView {
  drawAbove(ctx, view) {
    super.drawAbove(ctx, view);
    drawTrades(ctx, view, this.data.report.trades, this.theme);
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
  const page = new ReportChart(LightweightCharts, document.getElementById("chart"), data);
  drawFacts(data);
  page.start();
  tameWheel(page);
  drawEquity(document.getElementById("equity"), data, page);
  drawMonths(document.getElementById("months"), data);
  drawSpread(document.getElementById("spread"), data);
  listTrades(document.getElementById("list"), data, page);
  bindSwitch("theme", "theme", ["dark", "light"], page);
  bindSwitch("tones", "tones", ["green", "blue"], page);
  document.getElementById("fit").onclick = () => page.chart.timeScale().fitContent();
  document.getElementById("log").onclick = (event) => {
    const log = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(log));
    page.setLogarithmic(log);
  };
  root.dataset.ready = "yes";
}

main().catch((error) => {
  document.getElementById("notes").textContent = `This report could not be drawn: ${error.message}. A current Chrome, Edge, Firefox or Safari is needed.`;
  throw error;
});
