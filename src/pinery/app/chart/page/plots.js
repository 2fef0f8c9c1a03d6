// Draws plot() outputs. `view` gives x(bar), y(price), the bar width and the visible bars.

import { fade } from "./columns.js";

// Bars of less than a pixel: only so many are drawn as can be told apart.
export const CROWDED = 0.7;

export const DASHES = { solid: [], dashed: [6, 4], dotted: [1.5, 3] };

export function drawPlot(ctx, item, view) {
  const { values, colors, offset } = item;
  const first = Math.max(0, view.first - offset - 1);
  const last = Math.min(values.length - 1, view.last - offset + 1);
  if (last < first) return;
  const at = (i) => view.x(i + offset);
  const style = item.style;
  ctx.lineJoin = "round";
  ctx.lineCap = "butt";
  ctx.setLineDash(DASHES[item.dash] || []);
  ctx.lineWidth = item.width;
  if (style.startsWith("area")) drawArea(ctx, item, view, first, last, at);
  if (style === "histogram" || style === "columns") drawBars(ctx, item, view, first, last, at);
  else if (style === "circles" || style === "cross") drawMarks(ctx, item, view, first, last, at);
  else drawLine(ctx, item, view, first, last, at);
  ctx.setLineDash([]);
  if (item.track) {
    const y = view.y(lastValue(values));
    if (y !== null) {
      ctx.strokeStyle = colors.last() || "#888888";
      ctx.lineWidth = 1;
      ctx.setLineDash([2, 3]);
      stroke(ctx, [[0, y], [view.width, y]]);
      ctx.setLineDash([]);
    }
  }
}

export function stroke(ctx, points) {
  ctx.beginPath();
  points.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.stroke();
}

export function lastValue(values) {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] === values[i]) return values[i];
  return NaN;
}

// A segment takes the colour of the bar where it ends; na values are bridged unless the style breaks.
export function drawLine(ctx, item, view, first, last, at) {
  const { values, colors } = item;
  const step = item.style.startsWith("stepline");
  const breaks = item.style.endsWith("br");
  let start = first;
  if (!breaks) while (start > 0 && values[start] !== values[start]) start--;
  if (view.spacing < CROWDED) return drawCrowdedLine(ctx, item, view, start, last, breaks);
  let previous = null, color = null, open = false;
  const finish = () => {
    if (open) ctx.stroke();
    open = false;
  };
  for (let i = start; i <= last || (!breaks && previous && i < values.length); i++) {
    const v = values[i];
    if (v !== v) {
      if (breaks) {
        finish();
        previous = null;
      }
      continue;
    }
    const point = [at(i), view.y(v)];
    if (point[1] === null) continue;
    const own = colors.at(i);
    if (previous && own) {
      if (!open || own !== color) {
        finish();
        ctx.strokeStyle = color = own;
        ctx.beginPath();
        ctx.moveTo(previous[0], previous[1]);
        open = true;
      }
      if (step) ctx.lineTo(point[0], previous[1]);
      ctx.lineTo(point[0], point[1]);
    } else if (!own) finish();
    else if (breaks && !(values[i + 1] === values[i + 1])) {
      ctx.fillStyle = own;
      ctx.fillRect(point[0] - item.width / 2, point[1] - item.width / 2, item.width, item.width);
    }
    previous = point;
    if (i > last) break;
  }
  finish();
  if (item.style === "stepline_diamond" && view.spacing > 4) drawMarks(ctx, item, view, first, last, at);
}

// Far zoomed out: from pixel column to pixel column, in each from its lowest to its highest value.
export function drawCrowdedLine(ctx, item, view, first, last, breaks) {
  const { values, colors, offset } = item;
  const x0 = view.x(offset), spacing = view.spacing;
  const varied = Boolean(colors.index);
  let color = null, open = false, column = -1e9, low = 0, high = 0, end = 0;
  const finishColumn = () => {
    if (!open || column === -1e9) return;
    if (high > low) {
      ctx.lineTo(column, view.y(low));
      ctx.lineTo(column, view.y(high));
    }
    ctx.lineTo(column, view.y(end));
  };
  const finish = () => {
    finishColumn();
    if (open) ctx.stroke();
    open = false;
    column = -1e9;
  };
  for (let i = first; i <= last; i++) {
    const v = values[i];
    if (v !== v) {
      if (breaks) finish();
      continue;
    }
    const own = varied ? colors.at(i) : colors.constant;
    const x = Math.round(x0 + i * spacing);
    if (own !== color) {
      if (x === column && own) continue; // one colour to a pixel
      finish();
      color = own;
    }
    if (!color) continue;
    if (!open) {
      ctx.strokeStyle = color;
      ctx.beginPath();
      ctx.moveTo(x, view.y(v));
      open = true;
      [column, low, high, end] = [x, v, v, v];
    } else if (x === column) {
      if (v < low) low = v;
      if (v > high) high = v;
      end = v;
    } else {
      finishColumn();
      [column, low, high, end] = [x, v, v, v];
    }
  }
  finish();
}

// How many bars to step over so that one is drawn to a pixel.
export function stride(view) {
  return view.spacing < CROWDED ? Math.max(1, Math.floor(1 / view.spacing)) : 1;
}

export function drawArea(ctx, item, view, first, last, at) {
  const { values, colors } = item;
  const base = view.y(item.base) ?? view.height;
  const step = stride(view);
  for (let i = first + step; i <= last; i += step) {
    let from = i - step;
    if (item.style === "area") while (from > 0 && values[from] !== values[from]) from--;
    const color = colors.at(i);
    const a = view.y(values[from]), b = view.y(values[i]);
    if (!color || a === null || b === null || values[from] !== values[from] || values[i] !== values[i]) continue;
    ctx.fillStyle = fade(color, 0.4);
    ctx.beginPath();
    ctx.moveTo(at(from), base);
    ctx.lineTo(at(from), a);
    ctx.lineTo(at(i), b);
    ctx.lineTo(at(i), base);
    ctx.fill();
  }
}

export function drawBars(ctx, item, view, first, last, at) {
  const { values, colors } = item;
  const base = view.y(item.base) ?? view.height;
  const width = item.style === "columns" ? Math.max(1, view.spacing * 0.7) : Math.min(item.width, Math.max(1, view.spacing));
  const group = stride(view);
  for (let k = first; k <= last; k += group) {
    let i = k; // of those that share a pixel the one farthest from the base
    for (let j = k + 1; j < k + group && j <= last; j++) if (!(Math.abs(values[j] - item.base) <= Math.abs(values[i] - item.base))) if (values[j] === values[j]) i = j;
    const color = colors.at(i);
    const y = values[i] === values[i] ? view.y(values[i]) : null;
    if (!color || y === null) continue;
    ctx.fillStyle = color;
    ctx.fillRect(at(i) - width / 2, Math.min(y, base), width, Math.max(1, Math.abs(y - base)));
  }
}

export function drawMarks(ctx, item, view, first, last, at) {
  const { values, colors } = item;
  const r = item.width + (item.style === "cross" ? 2 : 1);
  const group = stride(view);
  for (let i = first; i <= last; i += group) {
    const color = colors.at(i);
    const y = values[i] === values[i] ? view.y(values[i]) : null;
    if (!color || y === null) continue;
    const x = at(i);
    ctx.fillStyle = ctx.strokeStyle = color;
    if (item.style === "circles") disc(ctx, x, y, r / 1.4);
    else if (item.style === "cross") {
      ctx.lineWidth = Math.max(1, item.width / 1.5);
      stroke(ctx, [[x - r, y], [x + r, y]]);
      stroke(ctx, [[x, y - r], [x, y + r]]);
    } else polygon(ctx, [[x, y - r - 1], [x + r + 1, y], [x, y + r + 1], [x - r - 1, y]]);
  }
}

export function disc(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 7);
  ctx.fill();
}

export function polygon(ctx, points) {
  ctx.beginPath();
  points.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.closePath();
  ctx.fill();
}

// plotcandle() and plotbar()
export function drawCandles(ctx, item, view) {
  const width = Math.max(1, Math.floor(view.spacing * 0.7));
  for (let i = Math.max(0, view.first); i <= Math.min(item.c.length - 1, view.last); i += stride(view)) {
    const [o, h, l, c] = [item.o[i], item.h[i], item.l[i], item.c[i]].map((p) => (p === p ? view.y(p) : null));
    if (o === null || h === null || l === null || c === null) continue;
    const body = item.colors.at(i), wick = item.wick.at(i), border = item.border.at(i);
    const x = Math.round(view.x(i));
    if (item.type === "bar") {
      if (!body) continue;
      ctx.fillStyle = body;
      ctx.fillRect(x - 0.5, h, 1, l - h);
      ctx.fillRect(x - width / 2, o - 0.5, width / 2, 1);
      ctx.fillRect(x, c - 0.5, width / 2, 1);
      continue;
    }
    if (wick) {
      ctx.fillStyle = wick;
      ctx.fillRect(x - 0.5, h, 1, l - h);
    }
    const top = Math.min(o, c), height = Math.max(1, Math.abs(o - c));
    if (body) {
      ctx.fillStyle = body;
      ctx.fillRect(x - width / 2, top, width, height);
    }
    if (border && width > 3) {
      ctx.strokeStyle = border;
      ctx.lineWidth = 1;
      ctx.strokeRect(x - width / 2 + 0.5, top + 0.5, width - 1, Math.max(0, height - 1));
    }
  }
}
