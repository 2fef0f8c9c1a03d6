// How the trades' results are spread, and how far they went against and for the trader on the way.

function drawSpread(box, { report }) {
  const { trades } = report;
  const closed = trades.percent.map((_, i) => i).filter((i) => !trades.open[i] && trades.percent[i] !== null);
  if (!closed.length) return box.append(element("p", { className: "empty" }, "No closed trades."));
  box.append(
    titled("Distribution of results, % of a trade's entry value", histogram(closed.map((i) => trades.percent[i]))),
    titled("Adverse excursion (MAE, across) and result (up), %", scatter(closed.map((i) => [trades.mae[i], trades.percent[i]]), "largest unrealised loss")),
    titled("Favourable excursion (MFE, across) and result (up), %", scatter(closed.map((i) => [trades.mfe[i], trades.percent[i]]), "largest unrealised profit")),
  );
}

function titled(text, svg) {
  svg.setAttribute("aria-label", text);
  return element("div", {}, element("h3", {}, text), svg);
}

function histogram(values) {
  const sorted = [...values].sort((a, b) => a - b);
  // a few extreme results shall not press all others into one column: they are counted in the outermost
  const quantile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  let low = Math.min(0, quantile(0.005)), high = Math.max(0, quantile(0.995));
  if (low === high) [low, high] = [-1, 1];
  const bins = Math.max(10, Math.min(40, Math.ceil(Math.sqrt(values.length) * 1.5)));
  // zero is an edge: no column holds both wins and losses
  const size = (high - low) / bins, left = Math.ceil(-low / size - 1e-9), right = Math.max(1, Math.ceil(high / size - 1e-9));
  const counts = new Array(left + right).fill(0);
  for (const v of values) counts[Math.min(counts.length - 1, Math.max(0, Math.floor(v / size + (v < 0 ? 1e-9 : 0)) + left))]++;
  const plot = new Plot(400, 240, [-left * size, right * size], [0, Math.max(...counts) * 1.05], { left: 8, right: 40, top: 8, bottom: 20 });
  plot.gridY(marks(0, plot.domain.y[1], 4).filter((v) => v === Math.round(v)), short);
  plot.gridX(marks(...plot.domain.x, 6), (v) => `${short(v)}`);
  counts.forEach((count, k) => {
    if (!count) return;
    const from = (k - left) * size, x = plot.x(from), y = plot.y(count);
    const bar = plot.add("rect", { x: x + 0.5, y, width: Math.max(0.5, plot.x(from + size) - x - 1), height: plot.y(0) - y, style: `fill:var(--${k >= left ? "up" : "down"})` });
    bar.append(svgElement("title", {}, `${short(from)}% to ${short(from + size)}%: ${count}`));
  });
  plot.line(plot.x(0), plot.margin.top, plot.x(0), plot.height - plot.margin.bottom, "axis");
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (mean >= plot.domain.x[0] && mean <= plot.domain.x[1]) {
    plot.line(plot.x(mean), plot.margin.top, plot.x(mean), plot.height - plot.margin.bottom, "hair");
    plot.add("text", { x: plot.x(mean) + 4, y: plot.margin.top + 10 }, `mean ${percentText(mean)}`);
  }
  return plot.svg;
}

function scatter(points, name) {
  const known = points.filter(([x, y]) => x !== null && y !== null);
  const xs = extent(known.map(([x]) => x), [0]), ys = extent(known.map(([, y]) => y), [0]);
  const plot = new Plot(400, 240, [xs[0], xs[1] * 1.03 || 1], padded(ys), { left: 8, right: 40, top: 8, bottom: 20 });
  plot.gridY(marks(...plot.domain.y, 5), short);
  plot.gridX(marks(...plot.domain.x, 6), short);
  plot.line(plot.margin.left, plot.y(0), plot.width - plot.margin.right, plot.y(0), "axis");
  const size = known.length > 1000 ? 3 : 5;
  plot.dots(known.filter(([, y]) => y >= 0), "var(--up)", size);
  plot.dots(known.filter(([, y]) => y < 0), "var(--down)", size);
  plot.svg.append(svgElement("title", {}, `Each dot is a trade; across: ${name}`));
  return plot.svg;
}
