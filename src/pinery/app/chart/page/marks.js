// Backgrounds, fills, horizontal lines, shapes, characters and arrows.

import { fade } from "./columns.js";
import { drawTag } from "./drawings.js";
import { DASHES, disc, polygon, stride, stroke } from "./plots.js";

export function drawBackground(ctx, item, view) {
  const first = Math.max(0, view.first - item.offset), last = Math.min(view.bars - 1, view.last - item.offset);
  const group = stride(view);
  for (let i = first; i <= last; ) {
    const color = item.colors.at(i);
    let end = i + group;
    while (end <= last && item.colors.at(end) === color) end++;
    end = Math.min(end, last + 1);
    if (color) {
      const left = view.x(i + item.offset - 0.5), right = view.x(end + item.offset - 0.5);
      ctx.fillStyle = color;
      ctx.fillRect(left, 0, right - left, view.height);
    }
    i = end;
  }
}

export function edge(item) {
  if (item.type === "hline") return { value: () => item.price, offset: 0 };
  return { value: (i) => item.values[i - item.offset], offset: item.offset };
}

export function drawFill(ctx, item, view) {
  const a = edge(item.from), b = edge(item.to);
  const first = Math.max(1, view.first), last = Math.min(view.bars - 1 + Math.max(a.offset, b.offset), view.last + 1);
  const group = stride(view);
  for (let i = first + group - 1; i <= last; i += group) {
    const gradient = item.gradient;
    const color = gradient ? null : item.colors.at(i);
    if (!gradient && !color) continue;
    let from = Math.max(0, i - group);
    if (item.gaps) while (from > 0 && !(a.value(from) === a.value(from) && b.value(from) === b.value(from))) from--;
    const corners = [a.value(from), a.value(i), b.value(i), b.value(from)];
    if (corners.some((v) => v === undefined || v === null || v !== v)) continue;
    const [y1, y2, y3, y4] = corners.map((v) => view.y(v));
    if (y1 === null) continue;
    if (gradient) {
      const top = view.y(item.topvalue[i]), bottom = view.y(item.bottomvalue[i]);
      const c1 = item.topcolors.at(i), c2 = item.bottomcolors.at(i);
      if (top === null || bottom === null || top !== top || bottom !== bottom || !(c1 || c2)) continue;
      const paint = ctx.createLinearGradient(0, top, 0, bottom === top ? top + 1 : bottom);
      paint.addColorStop(0, c1 || fade(c2, 0));
      paint.addColorStop(1, c2 || fade(c1, 0));
      ctx.fillStyle = paint;
    } else ctx.fillStyle = color;
    polygon(ctx, [[view.x(from), y1], [view.x(i), y2], [view.x(i), y3], [view.x(from), y4]]);
  }
}

export function drawHline(ctx, item, view) {
  const y = view.y(item.price);
  if (y === null || !item.color) return;
  ctx.strokeStyle = item.color;
  ctx.lineWidth = item.width;
  ctx.setLineDash(DASHES[item.dash] || []);
  stroke(ctx, [[0, y], [view.width, y]]);
  ctx.setLineDash([]);
}

export const SIZES = { auto: 10, tiny: 7, small: 10, normal: 14, large: 20, huge: 30 };

// Where a mark stands: the y of its tip and the direction in which it grows.
export function anchor(location, i, price, view, used, height) {
  if (location === "top") return [2, 1];
  if (location === "bottom") return [view.height - 2, -1];
  if (location === "absolute") return [view.y(price), 0];
  const above = location === "abovebar";
  const y = view.y(above ? view.high[i] : view.low[i]);
  if (y === null || view.spacing < 2) return [y, above ? -1 : 1];
  const key = (above ? 1 : -1) * (i + 1);
  const gap = used.get(key) || 6;
  used.set(key, gap + height + 3);
  return above ? [y - gap, -1] : [y + gap, 1];
}

// The first of marks, in order of their bars, that stands at a bar or later.
export function firstAt(marks, bar) {
  let low = 0, high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle][0] < bar) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function drawShapes(ctx, item, view, used) {
  const crowded = view.spacing < 2; // far zoomed out: dots instead of signs
  const size = crowded ? 3 : SIZES[item.size] || SIZES.auto;
  const lines = item.text && !crowded ? item.text.split("\n") : [];
  const font = Math.min(14, Math.max(10, size));
  ctx.textAlign = "center";
  let pixel = -1e9;
  for (let k = firstAt(item.at, view.first - 20 - item.offset); k < item.at.length; k++) {
    const [i, price] = item.at[k];
    const bar = i + item.offset;
    if (bar > view.last + 20) break;
    if (view.spacing < 0.5 && item.location !== "absolute") {
      if (Math.round(view.x(bar)) === pixel) continue;
      pixel = Math.round(view.x(bar));
    }
    const color = item.colors.at(i), ink = item.textcolors.at(i);
    const label = !crowded && (item.shape === "labelup" || item.shape === "labeldown");
    const textHeight = lines.length * (font + 2);
    const [tip, grow] = anchor(item.location, i, price, view, used, label ? Math.max(size, textHeight + 8) : size + textHeight);
    if (tip === null) continue;
    const x = view.x(bar);
    ctx.font = `${font}px ${view.font}`;
    if (label && color) {
      drawTag(ctx, x, tip, item.shape === "labelup" ? "up" : "down", lines, color, ink || view.ink, font, view);
      continue;
    }
    const center = tip + (grow * size) / 2;
    if (color) {
      if (item.char && !crowded) {
        ctx.fillStyle = color;
        ctx.font = `${size + 4}px ${view.font}`;
        ctx.textBaseline = "middle";
        ctx.fillText(item.char, x, center);
        ctx.font = `${font}px ${view.font}`;
      } else drawSymbol(ctx, item.shape, x, center, size, color);
    }
    if (lines.length && (ink || color)) {
      ctx.fillStyle = ink || color;
      ctx.textBaseline = "middle";
      const down = grow > 0 || (grow === 0 && !item.shape?.includes("down"));
      lines.forEach((line, k) => {
        const step = (size / 2 + 3 + font / 2) + (down ? k : lines.length - 1 - k) * (font + 2);
        ctx.fillText(line, x, center + (down ? step : -step));
      });
    }
  }
}

export function drawSymbol(ctx, shape, x, y, size, color) {
  const r = size / 2;
  ctx.fillStyle = ctx.strokeStyle = color;
  ctx.lineWidth = Math.max(1.5, size / 6);
  switch (shape) {
    case "xcross":
      stroke(ctx, [[x - r, y - r], [x + r, y + r]]);
      stroke(ctx, [[x - r, y + r], [x + r, y - r]]);
      break;
    case "cross":
      stroke(ctx, [[x - r, y], [x + r, y]]);
      stroke(ctx, [[x, y - r], [x, y + r]]);
      break;
    case "circle": disc(ctx, x, y, r); break;
    case "triangleup": polygon(ctx, [[x, y - r], [x + r, y + r], [x - r, y + r]]); break;
    case "triangledown": polygon(ctx, [[x, y + r], [x + r, y - r], [x - r, y - r]]); break;
    case "square": ctx.fillRect(x - r, y - r, size, size); break;
    case "diamond": polygon(ctx, [[x, y - r], [x + r, y], [x, y + r], [x - r, y]]); break;
    case "flag":
      ctx.fillRect(x - r / 2, y - r, Math.max(1, size / 10), size);
      ctx.fillRect(x - r / 2, y - r, size * 0.8, size * 0.55);
      break;
    case "arrowup": drawArrow(ctx, x, y - r, y + r, size); break;
    case "arrowdown": drawArrow(ctx, x, y + r, y - r, size); break;
    default: disc(ctx, x, y, r);
  }
}

export function drawArrow(ctx, x, head, tail, size) {
  const dir = head < tail ? 1 : -1;
  const half = Math.max(2, size * 0.45), neck = head + dir * Math.min(Math.abs(tail - head) * 0.55, half * 1.4);
  polygon(ctx, [[x, head], [x + half, neck], [x + half / 3, neck], [x + half / 3, tail], [x - half / 3, tail], [x - half / 3, neck], [x - half, neck]]);
}

// plotarrow(): below the bar upwards for positive values, above the bar downwards for negative ones.
export function drawArrows(ctx, item, view) {
  let most = 0;
  const first = Math.max(0, view.first - item.offset), last = Math.min(item.values.length - 1, view.last - item.offset);
  for (let i = first; i <= last; i++) if (Math.abs(item.values[i]) > most) most = Math.abs(item.values[i]);
  for (let i = first; i <= last; i++) {
    const v = item.values[i];
    if (!v) continue;
    const color = (v > 0 ? item.colors : item.downcolors).at(i);
    const y = view.y(v > 0 ? view.low[i] : view.high[i]);
    if (!color || y === null) continue;
    const height = item.min + (item.max - item.min) * (Math.abs(v) / most);
    ctx.fillStyle = color;
    const dir = v > 0 ? 1 : -1;
    drawArrow(ctx, view.x(i + item.offset), y + dir * 4, y + dir * (4 + height), Math.min(16, Math.max(5, view.spacing)));
  }
}
