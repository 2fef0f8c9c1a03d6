// Puts the page together: chart, panes, legends, side panel, themes.

const MAIN = 0;

function cssColors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { paper: read("--paper"), ink: read("--ink"), quiet: read("--quiet"), line: read("--line"), grid: read("--grid"), up: read("--up"), down: read("--down"), accent: read("--accent"), font: read("--font") };
}

function opaque(color, alpha) {
  return color + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

class Pane {
  constructor(page, index) {
    this.page = page;
    this.index = index;
    this.items = [];
    this.drawings = page.data.panes[index].drawings;
  }

  // The invisible series that gives a pane its price scale, where there are no candles.
  start(series) {
    this.series = series;
    series.attachPrimitive({
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
    return {
      x: (i) => x0 + i * spacing,
      y: (price) => (price === null || price === undefined || price !== price ? null : this.series.priceToCoordinate(price)),
      first: Math.floor(range.from), last: Math.ceil(range.to), bars: data.bars.c.length,
      high: data.bars.h, low: data.bars.l, spacing, width: size.width, height: size.height, font: theme.font, ink: theme.ink,
    };
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
      for (const item of this.items) if (item.type === "bg") drawBackground(ctx, item, view);
      for (const item of this.items) if (item.type === "fill") drawFill(ctx, item, view);
      for (const item of this.drawings.linefills) drawLinefill(ctx, item, view);
    } else if (order === "normal") {
      for (const item of this.items) {
        if (item.type === "hline") drawHline(ctx, item, view);
        if (item.type === "plot" && item.pane_shown) drawPlot(ctx, item, view);
        if (item.type === "candle" || item.type === "bar") drawCandles(ctx, item, view);
      }
      for (const box of this.drawings.boxes) drawBox(ctx, box, view);
      for (const line of this.drawings.polylines) drawPolyline(ctx, line, view);
      for (const line of this.drawings.lines) drawLineObject(ctx, line, view);
    } else {
      const used = new Map();
      for (const item of this.items) {
        if (item.type === "shape") drawShapes(ctx, item, view, used);
        if (item.type === "arrow") drawArrows(ctx, item, view);
      }
      for (const label of this.drawings.labels) drawLabel(ctx, label, view);
      if (this.index === MAIN) this.page.drawAlerts(ctx, view);
    }
    ctx.restore();
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
    if (this.index === MAIN && original) {
      take(original.priceRange.minValue);
      take(original.priceRange.maxValue);
    }
    for (const item of this.items) {
      const offset = item.offset || 0;
      const first = Math.max(0, Math.floor(visible.from) - offset), last = Math.ceil(visible.to) - offset;
      const columns = item.type === "plot" ? (item.pane_shown ? [item.values] : []) : item.type === "candle" || item.type === "bar" ? [item.h, item.l] : [];
      for (const values of columns) for (let i = first; i <= Math.min(last, values.length - 1); i++) if (values[i] === values[i]) take(values[i]);
      if (item.type === "plot" && (item.style === "histogram" || item.style === "columns") && low <= high) take(item.base);
      if (item.type === "hline" && this.index !== MAIN && item.price === item.price) take(item.price);
      if (item.type === "shape" && item.location === "absolute") for (const [i, price] of item.at) if (i >= first && i <= last) take(price);
    }
    if (low > high) return original;
    return { priceRange: { minValue: low, maxValue: high }, margins: original?.margins };
  }

  axisLabels() {
    return this.items.filter((item) => item.type === "plot" && item.scale_shown && item.pane_shown).slice(0, 12).flatMap((item) => {
      const value = item.values[item.values.length - 1], color = item.colors.last();
      if (value !== value || !color) return [];
      const coordinate = this.series.priceToCoordinate(value);
      return [{ coordinate: () => coordinate, text: () => formatNumber(value, item.precision), textColor: () => contrast(color), backColor: () => color.slice(0, 7), visible: () => coordinate !== null, tickVisible: () => true, movable: () => false }];
    });
  }
}

function contrast(color) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16));
  return r * 0.3 + g * 0.59 + b * 0.11 > 150 ? "#000000" : "#ffffff";
}

function formatNumber(value, precision) {
  if (value !== value || value === undefined) return "∅";
  if (precision === "volume") return compact(value);
  return value.toLocaleString("en-US", { minimumFractionDigits: precision, maximumFractionDigits: precision, useGrouping: Math.abs(value) >= 1e6 });
}

function compact(value) {
  for (const [size, unit] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) if (Math.abs(value) >= size) return (value / size).toFixed(2).replace(/\.?0+$/, "") + unit;
  return String(Math.round(value * 100) / 100);
}

class Page {
  constructor(data) {
    this.data = data;
    this.box = document.getElementById("chart");
    this.theme = cssColors();
    const bars = data.bars.c.length;
    for (const item of data.items) {
      for (const key of item.palettes) item[key] = new Colors(item[key], bars);
      if (item.type === "fill") [item.from, item.to] = [data.items[item.a], data.items[item.b]];
    }
    data.barcolors = data.bars.colors && new Colors(data.bars.colors, bars);
  }

  start() {
    const { data, theme } = this;
    const L = LightweightCharts;
    this.chart = L.createChart(this.box, {
      autoSize: true,
      layout: { attributionLogo: true, fontFamily: theme.font, fontSize: 12, panes: { enableResize: true } },
      crosshair: { mode: L.CrosshairMode.Normal },
      timeScale: { timeVisible: data.meta.intraday, secondsVisible: data.meta.seconds, minBarSpacing: 0.02, rightOffset: 8 },
      rightPriceScale: { scaleMargins: { top: 0.1, bottom: 0.1 } },
    });
    this.panes = data.panes.map((_, index) => new Pane(this, index));
    this.candles = this.chart.addSeries(L.CandlestickSeries, { priceFormat: this.priceFormat(data.meta.precision) }, MAIN);
    if (data.bars.v?.some((v) => v > 0)) {
      this.volume = this.chart.addSeries(L.HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false }, MAIN);
      this.chart.priceScale("volume", MAIN).applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    }
    this.panes.forEach((pane, index) => {
      pane.items = data.items.filter((item) => item.pane === index);
      if (index === MAIN) return pane.start(this.candles);
      const anchor = this.chart.addSeries(L.LineSeries, { lineVisible: false, pointMarkersVisible: false, crosshairMarkerVisible: false, lastValueVisible: false, priceLineVisible: false, priceFormat: this.priceFormat(data.panes[index].precision) }, index);
      // a scale needs a value at or right of the first visible bar
      anchor.setData([...new Set([0, data.shown.length - 1])].map((i) => ({ time: data.shown[i], value: 0 })));
      pane.start(anchor);
    });
    const heights = this.chart.panes();
    heights.forEach((pane, index) => pane.setStretchFactor(index === MAIN ? 3 : 1.2));
    this.applyTheme();
    const bars = data.bars.c.length;
    const shown = Math.min(bars, Math.max(60, Math.round(this.box.clientWidth / 7)));
    this.chart.timeScale().setVisibleLogicalRange({ from: bars - shown, to: bars + 8 });
    this.buildOverlays();
    this.chart.subscribeCrosshairMove((move) => this.onCrosshair(move));
    new ResizeObserver(() => requestAnimationFrame(() => this.placeOverlays())).observe(this.box);
    this.chart.timeScale().subscribeSizeChange(() => this.placeOverlays());
    this.placeOverlays();
    this.showLegend(bars - 1);
  }

  priceFormat(precision) {
    if (precision === "volume") return { type: "volume" };
    return { type: "price", precision, minMove: Number((10 ** -precision).toFixed(precision)) };
  }

  setBars() {
    const { data, theme } = this;
    const { o, h, l, c, v } = data.bars;
    const candles = [], volume = [];
    for (let i = 0; i < c.length; i++) {
      const time = data.shown[i];
      if (!(o[i] === o[i] && h[i] === h[i] && l[i] === l[i] && c[i] === c[i])) {
        candles.push({ time });
        continue;
      }
      const candle = { time, open: o[i], high: h[i], low: l[i], close: c[i] };
      const own = data.barcolors?.at(i);
      if (own) candle.color = candle.wickColor = candle.borderColor = own;
      candles.push(candle);
      if (v && v[i] === v[i]) volume.push({ time, value: v[i], color: opaque(c[i] >= o[i] ? theme.up : theme.down, 0.28) });
    }
    this.candles.setData(candles);
    this.volume?.setData(volume);
  }

  applyTheme() {
    const theme = (this.theme = cssColors());
    this.chart.applyOptions({
      layout: { background: { color: theme.paper }, textColor: theme.quiet, panes: { separatorColor: theme.line, separatorHoverColor: opaque(theme.accent, 0.2) } },
      grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
      rightPriceScale: { borderColor: theme.line },
      timeScale: { borderColor: theme.line },
      crosshair: { vertLine: { color: theme.quiet, labelBackgroundColor: theme.accent }, horzLine: { color: theme.quiet, labelBackgroundColor: theme.accent } },
    });
    this.candles.applyOptions({ upColor: theme.up, downColor: theme.down, wickUpColor: theme.up, wickDownColor: theme.down, borderUpColor: theme.up, borderDownColor: theme.down });
    this.setBars();
  }

  // --- what stands above the chart ----------------------------------------------------

  buildOverlays() {
    const { data } = this;
    this.overlays = this.panes.map((pane, index) => {
      const layer = document.createElement("div");
      layer.className = "pane-layer";
      const legend = document.createElement("div");
      legend.className = "legend";
      layer.append(legend);
      for (const table of pane.drawings.tables) layer.append(tableElement(table));
      this.box.append(layer);
      return { layer, legend };
    });
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.box.append(this.tip);
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
    const i = move.logical === undefined ? bars - 1 : Math.min(bars - 1, Math.max(0, Math.round(move.logical)));
    this.showLegend(i);
    this.showTip(move, i);
    this.placeOverlays();
  }

  showLegend(i) {
    const { data } = this;
    this.overlays.forEach(({ legend }, index) => {
      const rows = [];
      if (index === MAIN) {
        const { o, h, l, c, v } = data.bars;
        const tone = c[i] >= o[i] ? "up" : "down";
        const before = i > 0 ? c[i - 1] : o[i];
        const change = c[i] - before, sign = change >= 0 ? "+" : "−";
        const p = data.meta.precision;
        const cell = (name, value) => `<span class="name">${name}</span><b class="${tone}">${formatNumber(value, p)}</b>`;
        rows.push(`<div>${cell("O", o[i])}${cell("H", h[i])}${cell("L", l[i])}${cell("C", c[i])}<b class="${tone}">${sign}${formatNumber(Math.abs(change), p)} (${sign}${((Math.abs(change) / before) * 100).toFixed(2)}%)</b>${v ? `<span class="name">Vol</span><b class="${tone}">${compact(v[i])}</b>` : ""}</div>`);
      }
      const shown = this.panes[index].items.filter((item) => item.type === "plot" && item.legend_shown);
      if (shown.length) {
        const values = shown.slice(0, 24).map((item) => {
          const color = (item.colors.at(i) || "#888888ff").slice(0, 7);
          return `<span class="value" title="${escapeText(item.title)}"><i style="background:${color}"></i><span class="name">${escapeText(item.title)}</span><b>${formatNumber(item.values[i - item.offset], item.precision)}</b></span>`;
        });
        rows.push(`<div><span class="script">${escapeText(data.meta.short)}</span>${values.join("")}</div>`);
      }
      legend.innerHTML = rows.join("");
    });
  }

  // --- alerts -------------------------------------------------------------------------

  drawAlerts(ctx, view) {
    if (!this.showAlerts) return;
    for (const [bar] of this.alertsByBar) {
      if (bar < view.first || bar > view.last) continue;
      const x = view.x(bar), y = view.height - 7;
      ctx.fillStyle = this.theme.accent;
      polygon(ctx, [[x, y - 5], [x + 4, y], [x, y + 5], [x - 4, y]]);
    }
  }

  get alertsByBar() {
    if (!this._alertsByBar) {
      this._alertsByBar = new Map();
      for (const alert of this.data.alerts) this._alertsByBar.set(alert[0], [...(this._alertsByBar.get(alert[0]) || []), alert[1]]);
    }
    return this._alertsByBar;
  }

  showTip(move, i) {
    const messages = move.point && this.showAlerts ? this.alertsByBar.get(i) : null;
    const label = move.point && this.panes.flatMap((pane) => pane.drawings.labels).find((l) => l.tooltip && Math.round(l.x) === i);
    const text = [...(messages || []), ...(label ? [label.tooltip] : [])];
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

function escapeText(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
