// One pane: what is drawn on its canvas, the range of its scale, the labels at its axis.

import { drawLastPrice, drawPrices, drawVolume, lastPrice } from "./bars.js";
import { drawBox, drawLabel, drawLinefill, drawLineObject, drawPolyline } from "./drawings.js";
import { drawArrows, drawBackground, drawFill, drawHline, drawShapes, firstAt } from "./marks.js";
import { drawCandles, drawPlot } from "./plots.js";
import { contrast, formatNumber, opaque } from "./text.js";

export const MAIN = 0;

const LABEL = 18; // pixels from label to label at the axis
const SMALL = 0.1; // of prices on a logarithmic scale

export class Pane {
  constructor(page, index) {
    this.page = page;
    this.index = index;
    this.items = page.data.items.filter((item) => item.pane === index);
  }

  get drawings() {
    return this.page.data.panes[this.index].drawings;
  }

  // `series` gives the pane its price scale; nobody sees it.
  start(series) {
    this.series = series;
    series.attachPrimitive({
      attached: ({ requestUpdate }) => (this.redraw = requestUpdate),
      paneViews: () => [this.layer("bottom"), this.layer("normal"), this.layer("top")],
      priceAxisViews: () => this.axisLabels(),
    });
    series.applyOptions({ autoscaleInfoProvider: (original) => this.range(original()) });
  }

  layer(order) {
    return { zOrder: () => order, renderer: () => ({ draw: (target) => target.useMediaCoordinateSpace((scope) => this.draw(scope, order)) }) };
  }

  view(size) {
    const { chart, data, theme } = this.page;
    const scale = chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return null;
    const x0 = scale.logicalToCoordinate(0), spacing = (scale.logicalToCoordinate(1000) - x0) / 1000;
    const at = this.coordinates(size.height);
    return {
      x: (i) => x0 + i * spacing,
      y: (price) => (price === null || price === undefined || price !== price ? null : at(price)),
      first: Math.floor(range.from), last: Math.ceil(range.to), bars: data.bars.c.length, ratio: window.devicePixelRatio || 1,
      high: data.bars.h, low: data.bars.l, spacing, width: size.width, height: size.height, font: theme.font, ink: theme.ink,
    };
  }

  // From price to y: linear in the price or its logarithm. Asking the library for each of many points would take long.
  coordinates(height) {
    const ask = (price) => this.series.priceToCoordinate(price);
    const p0 = this.series.coordinateToPrice(0), p1 = this.series.coordinateToPrice(height);
    if (p0 === null || p1 === null || p0 === p1) return ask;
    const y0 = ask(p0), y1 = ask(p1);
    if (y0 === null || y1 === null) return ask;
    if (!this.page.logarithmic || this.index !== MAIN) {
      const b = (y1 - y0) / (p1 - p0), a = y0 - b * p0;
      return (price) => a + b * price;
    }
    if (!(Math.min(p0, p1) > SMALL)) return ask; // near zero and below it the library's scale is another one
    const b = (y1 - y0) / Math.log(p1 / p0), a = y0 - b * Math.log(p0);
    return (price) => (price > SMALL ? a + b * Math.log(price) : ask(price));
  }

  draw({ context: ctx, mediaSize }, order) {
    if (mediaSize.height !== this.height) {
      this.height = mediaSize.height;
      this.page.placeOverlays();
    }
    const view = this.view(mediaSize);
    if (!view) return;
    ctx.save();
    if (order === "bottom") {
      this.drawSessions(ctx, view);
      for (const item of this.items) if (item.type === "bg") drawBackground(ctx, item, view);
      for (const item of this.items) if (item.type === "fill") drawFill(ctx, item, view);
      for (const item of this.drawings.linefills) drawLinefill(ctx, item, view);
    } else if (order === "normal") {
      if (this.index === MAIN) {
        drawVolume(ctx, this.page.data, view, this.page.theme);
        drawPrices(ctx, this.page.data, view, this.page.theme);
      }
      for (const item of this.items) {
        if (item.type === "hline") drawHline(ctx, item, view);
        if (item.type === "plot" && item.pane_shown) drawPlot(ctx, item, view);
        if (item.type === "candle" || item.type === "bar") drawCandles(ctx, item, view);
      }
      for (const box of this.drawings.boxes) drawBox(ctx, box, view);
      for (const line of this.drawings.polylines) drawPolyline(ctx, line, view);
      for (const line of this.drawings.lines) drawLineObject(ctx, line, view);
      if (this.index === MAIN) drawLastPrice(ctx, this.page.data, view, this.page.theme);
    } else {
      const used = new Map();
      for (const item of this.items) {
        if (item.type === "shape") drawShapes(ctx, item, view, used);
        if (item.type === "arrow") drawArrows(ctx, item, view);
      }
      for (const label of this.drawings.labels) drawLabel(ctx, label, view);
      if (this.index === MAIN) this.page.drawAbove(ctx, view);
    }
    ctx.restore();
  }

  // Every other trading session stands on a slightly different ground.
  drawSessions(ctx, view) {
    const { sessions } = this.page.data;
    if (!sessions || !this.page.showSessions || sessions.length * 2 > view.bars) return;
    ctx.fillStyle = opaque(this.page.theme.ink, 0.035);
    let pixels = 0;
    for (let k = 1; k < sessions.length; k += 2) {
      const from = sessions[k], to = sessions[k + 1] ?? view.bars + 1e5;
      if (to < view.first || from > view.last) continue;
      const left = Math.max(-2, view.x(from - 0.5)), right = Math.min(view.width + 2, view.x(to - 0.5));
      pixels += right - left;
      if (right - left < 3 && pixels < 6) return; // too narrow to tell apart
      ctx.fillRect(left, 0, right - left, view.height);
    }
  }

  // Lowest and highest value that the pane shows; histograms include their base, a script's own pane its hlines.
  range(original) {
    const visible = this.page.chart.timeScale().getVisibleLogicalRange();
    if (!visible) return original;
    let low = Infinity, high = -Infinity;
    const take = (v) => {
      if (v < low) low = v;
      if (v > high) high = v;
    };
    if (this.index === MAIN) {
      const { h, l } = this.page.data.bars;
      for (let i = Math.max(0, Math.floor(visible.from)); i <= Math.min(h.length - 1, Math.ceil(visible.to)); i++) {
        take(h[i]);
        take(l[i]);
      }
      if (low <= high) for (const price of this.page.pricesInReach(low, high)) take(price);
    }
    for (const item of this.items) {
      const offset = item.offset || 0;
      const first = Math.max(0, Math.floor(visible.from) - offset), last = Math.ceil(visible.to) - offset;
      const columns = item.type === "plot" ? (item.pane_shown ? [item.values] : []) : item.type === "candle" || item.type === "bar" ? [item.h, item.l] : [];
      for (const values of columns) for (let i = first; i <= Math.min(last, values.length - 1); i++) if (values[i] === values[i]) take(values[i]);
      if (item.type === "plot" && (item.style === "histogram" || item.style === "columns") && low <= high) take(item.base);
      if (item.type === "hline" && this.index !== MAIN && item.price === item.price) take(item.price);
      if (item.type === "shape" && item.location === "absolute") for (let k = firstAt(item.at, first); k < item.at.length && item.at[k][0] <= last; k++) take(item.at[k][1]);
    }
    if (low > high) return original;
    return { priceRange: { minValue: low, maxValue: high }, margins: original?.margins };
  }

  axisLabels() {
    const plots = this.items.filter((item) => item.type === "plot" && item.scale_shown && item.pane_shown).slice(0, 12).flatMap((item) => {
      const last = item.values.length - 1, value = this.page.valueAt(item, last), color = item.colors.last() ?? item.colors.at(last - 1);
      return value !== value || !color ? [] : [{ price: value, text: formatNumber(value, item.precision), color }];
    });
    const last = this.index === MAIN ? lastPrice(this.page.data, this.page.theme) : null;
    const levels = this.index === MAIN ? [...this.page.levels(), ...(last ? [last] : [])].map(({ price, color }) => ({ price, text: formatNumber(price, this.page.data.meta.precision), color })) : [];
    const labels = [...plots, ...levels].map(({ price, text, color }) => ({ y: this.series.priceToCoordinate(price), text, color })).filter(({ y }) => y !== null);
    const { countdown } = this.page, price = labels.at(-1);
    if (last && price && countdown) labels.splice(-1, 0, { y: price.y + 0.001, text: countdown, color: price.color });
    return apart(labels).map(({ y, text, color }) => ({ coordinate: () => y, text: () => text, textColor: () => contrast(color), backColor: () => color.slice(0, 7), visible: () => true, tickVisible: () => true, movable: () => false }));
  }
}

// Labels that would hide each other are moved up or down. The last one, which is the price, stays where it is.
function apart(labels) {
  const fixed = labels.at(-1), sorted = [...labels].sort((a, b) => a.y - b.y), at = sorted.indexOf(fixed);
  for (let k = at - 1; k >= 0; k--) sorted[k].y = Math.min(sorted[k].y, sorted[k + 1].y - LABEL);
  for (let k = at + 1; k < sorted.length; k++) sorted[k].y = Math.max(sorted[k].y, sorted[k - 1].y + LABEL);
  return labels;
}
