// The chart: library, panes, legends, tips, themes. What it is given is prepared data (columns.js).

import { setZone } from "./columns.js";
import { firstAt } from "./marks.js";
import { MAIN, Pane } from "./pane.js";
import { polygon } from "./plots.js";
import { tableElement } from "./tables.js";
import { compact, formatNumber, node, opaque } from "./text.js";

export class ChartView {
  // `library` is Lightweight Charts; `box` an element with a size and the colours as CSS variables.
  constructor(library, box, data, options = {}) {
    this.library = library;
    this.box = box;
    this.data = data;
    this.options = options;
    this.showAlerts = this.showSessions = true;
    this.logarithmic = false;
    this.countdown = ""; // under the newest price, at its axis
    this.theme = this.cssColors();
  }

  cssColors() {
    const style = getComputedStyle(this.box);
    const read = (name) => style.getPropertyValue(name).trim();
    return { paper: read("--paper"), ink: read("--ink"), quiet: read("--quiet"), line: read("--line"), grid: read("--grid"), up: read("--up"), down: read("--down"), accent: read("--accent"), font: read("--font") };
  }

  start() {
    const { data, theme, library: L } = this;
    this.chart = L.createChart(this.box, {
      autoSize: true,
      layout: { attributionLogo: true, fontFamily: theme.font, fontSize: 12, panes: { enableResize: true }, ...this.options.layout },
      crosshair: { mode: L.CrosshairMode.Normal },
      timeScale: { timeVisible: data.meta.intraday, secondsVisible: data.meta.seconds, minBarSpacing: 0.005, rightOffset: 8 },
      rightPriceScale: { scaleMargins: { top: 0.1, bottom: 0.1 } },
    });
    this.panes = data.panes.map((_, index) => new Pane(this, index));
    this.panes.forEach((pane, index) => {
      const precision = index === MAIN ? data.meta.precision : data.panes[index].precision;
      pane.start(this.chart.addSeries(L.LineSeries, { lineVisible: false, pointMarkersVisible: false, crosshairMarkerVisible: false, lastValueVisible: false, priceLineVisible: false, priceFormat: this.priceFormat(precision) }, index));
    });
    this.chart.panes().forEach((pane, index) => pane.setStretchFactor(index === MAIN ? 3 : 1.2));
    this.applyTheme();
    this.setTimes();
    this.showNewest();
    this.buildOverlays();
    this.chart.subscribeCrosshairMove((move) => this.onCrosshair(move));
    this.watcher = new ResizeObserver(() => requestAnimationFrame(() => this.placeOverlays()));
    this.watcher.observe(this.box);
    this.chart.timeScale().subscribeSizeChange(() => this.placeOverlays());
    this.placeOverlays();
    this.showLegend(data.bars.c.length - 1);
  }

  destroy() {
    this.destroyed = true;
    this.watcher?.disconnect();
    this.chart?.remove();
    for (const part of [...(this.overlays ?? []).map(({ layer }) => layer), this.tip]) part?.remove();
    this.overlays = null;
  }

  priceFormat(precision) {
    if (precision === "volume") return { type: "volume" };
    return { type: "price", precision, minMove: Number((10 ** -precision).toFixed(precision)) };
  }

  // The library knows of the bars only their times. A scale needs a value at or right of the first visible bar.
  setTimes() {
    const { shown } = this.data, last = shown.length - 1;
    for (const pane of this.panes) {
      if (pane.index !== MAIN) pane.series.setData([...new Set([0, last])].map((i) => this.point(i)));
      else pane.series.setData(Array.from(shown, (time, i) => (i === 0 || i === last ? this.point(i) : { time })));
    }
  }

  // After an update: tells the library of the bars from `from` on, and that scales may be others.
  updateTimes(from) {
    const last = this.data.shown.length - 1;
    for (const pane of this.panes) for (let i = pane.index === MAIN ? Math.min(from, last) : last; i <= last; i++) pane.series.update(this.point(i));
  }

  point(i) {
    return { time: this.data.shown[i], value: 0 };
  }

  applyTheme() {
    const theme = (this.theme = this.cssColors());
    this.chart.applyOptions({
      layout: { background: { color: theme.paper }, textColor: theme.quiet, fontFamily: theme.font, panes: { separatorColor: theme.line, separatorHoverColor: opaque(theme.accent, 0.2) } },
      grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
      rightPriceScale: { borderColor: theme.line },
      timeScale: { borderColor: theme.line },
      crosshair: { vertLine: { color: theme.quiet, labelBackgroundColor: theme.accent }, horzLine: { color: theme.quiet, labelBackgroundColor: theme.accent } },
    });
  }

  // Times by the exchange's clock (no zone), or by a zone's.
  showClock(zone) {
    setZone(this.data, zone);
    const range = this.chart.timeScale().getVisibleLogicalRange();
    this.setTimes();
    if (range) this.chart.timeScale().setVisibleLogicalRange(range);
  }

  showNewest() {
    const bars = this.data.bars.c.length;
    const shown = Math.min(bars, Math.max(60, Math.round(this.box.clientWidth / 7)));
    this.chart.timeScale().setVisibleLogicalRange({ from: bars - shown, to: bars + 8 });
  }

  setLogarithmic(on) {
    this.logarithmic = on;
    this.chart.priceScale("right", MAIN).applyOptions({ mode: on ? 1 : 0 });
  }

  redraw() {
    for (const pane of this.panes) pane.redraw?.();
  }

  // --- what others draw above the bars ------------------------------------------------

  drawAbove(ctx, view) {
    this.drawAlerts(ctx, view);
  }

  // Lines at prices: {price, color}, for labels at the axis.
  levels() {
    return [];
  }

  // Prices that the scale should show although no bar has them, if they are near.
  pricesInReach() {
    return [];
  }

  // --- what stands above the chart ----------------------------------------------------

  buildOverlays() {
    this.overlays = this.panes.map(() => {
      const legend = node("div", "legend"), tables = node("div", "tables"), layer = node("div", "pane-layer", legend, tables);
      this.box.append(layer);
      return { layer, legend, tables };
    });
    this.panes.forEach((_, index) => this.showTables(index));
    this.tip = node("div", "tip");
    this.tip.hidden = true;
    this.box.append(this.tip);
  }

  showTables(index) {
    this.overlays[index].tables.replaceChildren(...this.panes[index].drawings.tables.map(tableElement));
  }

  placeOverlays() {
    if (!this.overlays) return;
    const outer = this.box.getBoundingClientRect();
    const axis = this.chart.priceScale("right").width();
    this.chart.panes().forEach((pane, index) => {
      const rect = pane.getHTMLElement()?.getBoundingClientRect();
      const layer = this.overlays[index]?.layer;
      if (!rect || !layer) return;
      Object.assign(layer.style, { top: `${rect.top - outer.top}px`, height: `${rect.height}px`, width: `${outer.width - axis}px` });
    });
  }

  onCrosshair(move) {
    const bars = this.data.bars.c.length;
    const i = move.logical === undefined || move.logical === null ? bars - 1 : Math.min(bars - 1, Math.max(0, Math.round(move.logical)));
    this.crosshair = move.point ? i : null;
    this.showLegend(i);
    this.showTip(move, i);
  }

  showLegend(i) {
    if (!this.overlays || i < 0) return;
    this.overlays.forEach(({ legend }, index) => {
      const rows = index === MAIN ? [this.priceRow(i)] : [];
      const shown = this.panes[index].items.filter((item) => item.type === "plot" && item.legend_shown);
      if (shown.length) rows.push(this.plotsRow(shown, i));
      legend.replaceChildren(...rows);
    });
  }

  priceRow(i) {
    const { o, h, l, c, v } = this.data.bars;
    const p = this.data.meta.precision, tone = c[i] >= o[i] ? "up" : "down";
    const before = i > 0 ? c[i - 1] : o[i];
    const change = c[i] - before, sign = change >= 0 ? "+" : "−";
    const row = node("div", "", node("span", "script", `${this.data.meta.symbol.split(":").at(-1)} · ${this.data.meta.timeframe}`));
    for (const [name, values] of [["O", o], ["H", h], ["L", l], ["C", c]]) row.append(node("span", "name", name), node("b", tone, formatNumber(values[i], p)));
    row.append(node("b", tone, `${sign}${formatNumber(Math.abs(change), p)} (${sign}${((Math.abs(change) / before) * 100).toFixed(2)}%)`));
    if (v) row.append(node("span", "name", "Vol"), node("b", tone, v[i] === v[i] ? compact(v[i]) : "∅"));
    return row;
  }

  plotsRow(items, i) {
    const row = node("div", "", node("span", "script", this.data.meta.short));
    for (const item of items.slice(0, 24)) {
      const swatch = node("i");
      swatch.style.background = (item.colors.at(i) || item.colors.at(i - 1) || "#888888ff").slice(0, 7);
      const value = node("span", "value", swatch, node("span", "name", item.title), node("b", "", formatNumber(this.valueAt(item, i), item.precision)));
      value.title = item.title;
      row.append(value);
    }
    return row;
  }

  // A plot's value at a bar. Where a strategy has not been evaluated on the open bar yet, the one before counts.
  valueAt(item, i) {
    const value = item.values[i - item.offset];
    return value !== value && this.data.live && i === this.data.bars.c.length - 1 ? item.values[i - 1 - item.offset] : value;
  }

  // --- alerts -------------------------------------------------------------------------

  drawAlerts(ctx, view) {
    if (!this.showAlerts) return;
    ctx.fillStyle = this.theme.accent;
    let before = -Infinity;
    const { alerts } = this.data;
    for (let k = firstAt(alerts, view.first); k < alerts.length && alerts[k][0] <= view.last; k++) {
      const x = view.x(alerts[k][0]), y = view.height - 7;
      if (x - before < 5) continue; // one for all that would lie upon each other
      before = x;
      polygon(ctx, [[x, y - 5], [x + 4, y], [x, y + 5], [x - 4, y]]);
    }
  }

  alertsAt(bar) {
    const { alerts } = this.data, found = [];
    for (let k = firstAt(alerts, bar); k < alerts.length && alerts[k][0] === bar; k++) found.push(alerts[k][1]);
    return found;
  }

  // What there is to tell of a bar, line by line.
  notes(i) {
    const label = this.panes.flatMap((pane) => pane.drawings.labels).find((l) => l.tooltip && Math.round(l.x) === i);
    return [...(this.showAlerts ? this.alertsAt(i) : []), ...(label ? [label.tooltip] : [])];
  }

  showTip(move, i) {
    const text = move.point ? this.notes(i) : [];
    this.tip.hidden = !text.length;
    if (!text.length) return;
    this.tip.textContent = text.join("\n");
    const left = move.point.x > this.box.clientWidth / 2 ? move.point.x - this.tip.offsetWidth - 16 : move.point.x + 16;
    Object.assign(this.tip.style, { left: `${left}px`, top: `${Math.min(move.point.y + 16, this.box.clientHeight - this.tip.offsetHeight - 30)}px` });
  }

  goTo(bar) {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const half = (range.to - range.from) / 2;
    this.chart.timeScale().setVisibleLogicalRange({ from: bar - half, to: bar + half });
  }

  timeText(i) {
    const shown = new Date(this.data.shown[i] * 1000).toISOString();
    return this.data.meta.intraday ? `${shown.slice(0, 10)} ${shown.slice(11, 16)}` : shown.slice(0, 10);
  }
}
