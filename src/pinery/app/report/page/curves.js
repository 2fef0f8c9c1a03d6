// Equity over what buying and holding would have given, and below it how far equity is under its peak.

function drawEquity(box, data, page) {
  const { report } = data;
  const width = Math.min(1240, Math.max(480, box.clientWidth));
  const equity = numbers(report.equity), hold = report.hold.length ? numbers(report.hold) : null;
  const n = equity.length;
  const under = new Float64Array(n);
  let peak = report.capital;
  for (let i = 0; i < n; i++) {
    if (equity[i] > peak) peak = equity[i];
    under[i] = peak > 0 ? (equity[i] / peak - 1) * 100 : NaN;
  }
  const keys = element("p", { className: "keys" });
  box.append(keys);
  const times = timeMarks(data, n, Math.max(4, Math.round(width / 100)));
  const [scale, fits] = range(equity, hold, report.capital);
  const upper = new Plot(width, 260, [0, Math.max(1, n - 1)], padded(scale));
  upper.gridY(marks(...upper.domain.y, 5), short);
  upper.gridX(times.map(([i]) => i), (i) => times.find(([k]) => k === i)[1]);
  upper.line(upper.margin.left, upper.y(report.capital), upper.width - upper.margin.right, upper.y(report.capital), "axis");
  if (hold && fits) upper.path(pathOf(thinned(hold, width), upper), "fill:none;stroke:var(--quiet);stroke-width:1;stroke-dasharray:4 3");
  upper.path(pathOf(thinned(equity, width), upper), "fill:none;stroke:var(--accent);stroke-width:1.6");
  const lower = new Plot(width, 120, [0, Math.max(1, n - 1)], [Math.min(-0.01, extent(under)[0] * 1.05), 0]);
  lower.gridY(marks(...lower.domain.y, 3), (v) => `${short(v)}%`);
  const area = thinned(under, width);
  if (area.length) {
    lower.path(`${pathOf(area, lower)}L${lower.x(area[area.length - 1][0]).toFixed(1)} ${lower.y(0)}L${lower.x(area[0][0]).toFixed(1)} ${lower.y(0)}Z`, "fill:var(--down);fill-opacity:.22;stroke:none");
    lower.path(pathOf(area, lower), "fill:none;stroke:var(--down);stroke-width:1");
  }
  upper.svg.setAttribute("aria-label", "Equity at the close of each bar");
  lower.svg.setAttribute("aria-label", "Drawdown in percent of the equity's peak");
  box.append(upper.svg, lower.svg);
  const hairs = [upper, lower].map((plot) => plot.line(0, plot.margin.top, 0, plot.height - plot.margin.bottom, "hair", { visibility: "hidden" }));
  const show = (i) => {
    keys.innerHTML = "";
    keys.append(element("span", {}, page.timeText(i)));
    keys.append(keyOf("var(--accent)", "Equity", `${money(equity[i])} ${report.currency}`));
    if (hold) keys.append(keyOf("var(--quiet)", "Buy & hold", `${money(hold[i])} ${report.currency}`));
    keys.append(keyOf("var(--down)", "Drawdown", percentText(under[i])));
  };
  for (const plot of [upper, lower]) {
    plot.svg.addEventListener("pointermove", (event) => {
      const rect = plot.svg.getBoundingClientRect();
      const i = Math.min(n - 1, Math.max(0, Math.round(plot.xOf(((event.clientX - rect.left) / rect.width) * width))));
      for (const hair of hairs) for (const [key, value] of [["x1", plot.x(i)], ["x2", plot.x(i)], ["visibility", "visible"]]) hair.setAttribute(key, value);
      show(i);
    });
    plot.svg.addEventListener("pointerleave", () => {
      for (const hair of hairs) hair.setAttribute("visibility", "hidden");
      show(n - 1);
    });
    plot.svg.addEventListener("click", (event) => {
      const rect = plot.svg.getBoundingClientRect();
      page.goTo(Math.round(plot.xOf(((event.clientX - rect.left) / rect.width) * width)));
    });
  }
  if (n) show(n - 1);
}

function keyOf(color, name, value) {
  const mark = element("i");
  mark.style.background = color;
  return element("span", {}, mark, `${name} `, element("b", {}, value));
}

// The scale for both curves, and whether buying and holding is drawn: not where it would press the equity flat.
function range(equity, hold, capital) {
  const own = extent(equity, [capital]);
  const both = hold ? extent(hold, own) : own;
  return both[1] - both[0] <= 6 * (own[1] - own[0]) ? [both, true] : [own, false];
}

function padded([low, high]) {
  const room = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}

// Where a new month, day or hour begins, as few as fit: [bar, text].
function timeMarks(data, n, most) {
  const text = (i) => new Date(data.shown[i] * 1000).toISOString();
  for (const [length, label] of [[4, (t) => t.slice(0, 4)], [7, (t) => t.slice(0, 7)], [10, (t) => t.slice(5, 10)], [13, (t) => t.slice(11, 16)]]) {
    const found = [];
    for (let i = 1, before = n ? text(0) : ""; i < n; i++) {
      const now = text(i);
      if (now.slice(0, length) !== before.slice(0, length)) found.push([i, label(now)]);
      before = now;
    }
    if (found.length >= 3 || length === 13) {
      const every = Math.ceil(found.length / most);
      return found.filter((_, k) => k % every === 0);
    }
  }
  return [];
}
