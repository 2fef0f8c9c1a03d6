// Lines, linefills, boxes, polylines and labels. Their x is a bar index, also beyond the last bar.

import { SIZES, drawSymbol } from "./marks.js";
import { DASHES, polygon, stroke } from "./plots.js";

export function extendLine(line, view) {
  let x1 = view.x(line.x1), x2 = view.x(line.x2), y1 = view.y(line.y1), y2 = view.y(line.y2);
  if (y1 === null || y2 === null) return null;
  const left = line.extend === "left" || line.extend === "both", right = line.extend === "right" || line.extend === "both";
  if (!left && !right) return [x1, y1, x2, y2];
  if (x1 === x2) return [x1, left ? (y1 < y2 ? 0 : view.height) : y1, x2, right ? (y1 < y2 ? view.height : 0) : y2];
  const slope = (y2 - y1) / (x2 - x1), forward = x2 > x1 ? 1 : -1;
  const grow = (x) => y1 + slope * (x - x1);
  // "right" goes on beyond the second point, "left" beyond the first, as on TradingView when x1 <= x2
  const farRight = view.width + 10, farLeft = -10;
  let [ax, ay, bx, by] = [x1, y1, x2, y2];
  if (right) forward > 0 ? ([bx, by] = [Math.max(x2, farRight), grow(Math.max(x2, farRight))]) : ([ax, ay] = [Math.max(x1, farRight), grow(Math.max(x1, farRight))]);
  if (left) forward > 0 ? ([ax, ay] = [Math.min(x1, farLeft), grow(Math.min(x1, farLeft))]) : ([bx, by] = [Math.min(x2, farLeft), grow(Math.min(x2, farLeft))]);
  return [ax, ay, bx, by];
}

export function outside(x1, x2, view) {
  return Math.max(x1, x2) < -50 || Math.min(x1, x2) > view.width + 50;
}

export function drawLineObject(ctx, line, view) {
  const ends = extendLine(line, view);
  if (!ends || !line.color || outside(ends[0], ends[2], view)) return;
  const [x1, y1, x2, y2] = ends;
  ctx.strokeStyle = ctx.fillStyle = line.color;
  ctx.lineWidth = line.width;
  ctx.setLineDash(DASHES[line.style] || []);
  stroke(ctx, [[x1, y1], [x2, y2]]);
  ctx.setLineDash([]);
  if (line.style === "arrow_right" || line.style === "arrow_both") arrowHead(ctx, x1, y1, x2, y2, line.width);
  if (line.style === "arrow_left" || line.style === "arrow_both") arrowHead(ctx, x2, y2, x1, y1, line.width);
}

export function arrowHead(ctx, x1, y1, x2, y2, width) {
  const angle = Math.atan2(y2 - y1, x2 - x1), size = 6 + width * 2;
  const wing = (turn) => [x2 - size * Math.cos(angle + turn), y2 - size * Math.sin(angle + turn)];
  polygon(ctx, [[x2, y2], wing(0.45), wing(-0.45)]);
}

export function drawLinefill(ctx, fill, view) {
  const a = extendLine(fill.line1, view), b = extendLine(fill.line2, view);
  if (!a || !b || !fill.color || outside(Math.min(a[0], b[0]), Math.max(a[2], b[2]), view)) return;
  ctx.fillStyle = fill.color;
  polygon(ctx, [[a[0], a[1]], [a[2], a[3]], [b[2], b[3]], [b[0], b[1]]]);
}

export function drawBox(ctx, box, view) {
  let left = view.x(box.left), right = view.x(box.right);
  const ys = [view.y(box.top), view.y(box.bottom)];
  if (ys[0] === null || ys[1] === null) return;
  if (left > right) [left, right] = [right, left];
  if (box.extend === "left" || box.extend === "both") left = -10;
  if (box.extend === "right" || box.extend === "both") right = view.width + 10;
  if (outside(left, right, view)) return;
  const top = Math.min(...ys), height = Math.abs(ys[0] - ys[1]), width = right - left;
  if (box.bgcolor) {
    ctx.fillStyle = box.bgcolor;
    ctx.fillRect(left, top, width, height);
  }
  if (box.border && box.width > 0) {
    ctx.strokeStyle = box.border;
    ctx.lineWidth = box.width;
    ctx.setLineDash(DASHES[box.style] || []);
    ctx.strokeRect(left, top, width, height);
    ctx.setLineDash([]);
  }
  if (!box.text || !box.textcolor) return;
  // Text beside an extended edge belongs where that edge leaves the chart, not behind it.
  const from = box.extend === "left" || box.extend === "both" ? 0 : left;
  const until = box.extend === "right" || box.extend === "both" ? view.width : right;
  boxText(ctx, box, view, from, top, until - from, height);
}

export function boxText(ctx, box, view, left, top, width, height) {
  const inner = Math.max(10, width - 8);
  let size = typeof box.size === "number" && box.size > 0 ? box.size * 1.33 : box.size === "auto" ? 0 : SIZES[box.size] || 0;
  ctx.font = `100px ${view.font}`;
  const rows = box.text.split("\n");
  if (!size) {
    const widest = Math.max(1, ...rows.map((row) => ctx.measureText(row).width));
    size = Math.min(18, (inner / widest) * 100, (height - 4) / rows.length / 1.2);
    // Text that follows its box gets as small as the box: unreadable, it would only lie over its neighbours'.
    if (size < 5) return;
  }
  ctx.font = `${box.format || ""} ${size}px ${view.font}`.trim();
  const lines = box.wrap ? rows.flatMap((row) => wrapRow(ctx, row, inner)) : rows;
  const step = size * 1.25, total = step * lines.length;
  const x = box.halign === "left" ? left + 4 : box.halign === "right" ? left + width - 4 : left + width / 2;
  let y = box.valign === "top" ? top + 3 : box.valign === "bottom" ? top + height - total - 3 : top + (height - total) / 2;
  ctx.textAlign = box.halign === "left" || box.halign === "right" ? box.halign : "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = box.textcolor;
  for (const line of lines) {
    ctx.fillText(line, x, y + step / 2);
    y += step;
  }
}

export function wrapRow(ctx, row, width) {
  const lines = [];
  let line = "";
  for (const word of row.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && ctx.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

export function drawPolyline(ctx, item, view) {
  const points = item.points.map(([x, y]) => [view.x(x), view.y(y)]).filter(([, y]) => y !== null);
  if (points.length < 2) return;
  const xs = points.map(([x]) => x);
  if (outside(Math.min(...xs), Math.max(...xs), view)) return;
  ctx.beginPath();
  if (item.curved) smooth(ctx, item.closed ? [...points, points[0]] : points);
  else points.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  if (item.closed) ctx.closePath();
  if (item.fill) {
    ctx.fillStyle = item.fill;
    ctx.fill();
  }
  if (item.color) {
    ctx.strokeStyle = item.color;
    ctx.lineWidth = item.width;
    ctx.setLineDash(DASHES[item.style] || []);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

export function smooth(ctx, points) {
  ctx.moveTo(...points[0]);
  for (let k = 0; k < points.length - 1; k++) {
    const p0 = points[k - 1] || points[k], p1 = points[k], p2 = points[k + 1], p3 = points[k + 2] || p2;
    ctx.bezierCurveTo(p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6, p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6, p2[0], p2[1]);
  }
}

// --- labels ---------------------------------------------------------------------------

export const LABEL_SIZES = { auto: 12, tiny: 9, small: 11, normal: 13, large: 17, huge: 24 };

export function drawLabel(ctx, label, view) {
  const x = view.x(label.x);
  if (outside(x - 300, x + 300, view)) return;
  const bar = Math.round(label.x);
  let y;
  if (label.yloc === "abovebar") y = view.y(view.high[bar]) - 5;
  else if (label.yloc === "belowbar") y = view.y(view.low[bar]) + 5;
  else y = view.y(label.y);
  if (y === null || y !== y) return;
  const size = typeof label.size === "number" && label.size > 0 ? label.size * 1.15 : LABEL_SIZES[label.size] || LABEL_SIZES.auto;
  const lines = label.text ? label.text.split("\n") : [];
  ctx.font = `${label.format || ""} ${size}px ${label.mono ? "monospace" : view.font}`.trim();
  const style = label.style;
  if (style.startsWith("label_")) drawTag(ctx, x, y, style.slice(6), lines, label.color, label.textcolor, size, view, label.align);
  else if (style === "none" || style === "text_outline") {
    const aside = label.yloc === "abovebar" ? -1 : label.yloc === "belowbar" ? 1 : 0;
    plainText(ctx, x, y + (aside * lines.length * size * 1.2) / 2, lines, label, size, view);
  }
  else {
    if (label.color) drawSymbol(ctx, style, x, y, size, label.color);
    plainText(ctx, x, y + (label.yloc === "abovebar" ? -1 : 1) * (size / 2 + (lines.length * size) / 2 + 3), lines, label, size, view);
  }
}

export function plainText(ctx, x, y, lines, label, size) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const step = size * 1.2;
  lines.forEach((line, k) => {
    const at = y + (k - (lines.length - 1) / 2) * step;
    if (label.style === "text_outline" && label.color) {
      ctx.strokeStyle = label.color;
      ctx.lineWidth = 3;
      ctx.strokeText(line, x, at);
    }
    if (label.textcolor) {
      ctx.fillStyle = label.textcolor;
      ctx.fillText(line, x, at);
    }
  });
}

// A text box whose pointer touches (x, y). `side` says where the pointer is: "down" means below the text.
export function drawTag(ctx, x, y, side, lines, color, ink, size, view, align = "center") {
  const step = size * 1.2, pad = size * 0.4, tip = size * 0.5;
  const width = Math.max(size, ...lines.map((line) => ctx.measureText(line).width)) + pad * 2;
  const height = Math.max(1, lines.length) * step + pad;
  let left = x - width / 2, top = y - height / 2;
  if (side.includes("down")) top = y - height - tip;
  if (side.includes("up")) top = y + tip;
  if (side === "lower_left" || side === "lower_right") top = y - height - tip;
  if (side === "upper_left" || side === "upper_right") top = y + tip;
  if (side === "left") left = x + tip;
  if (side === "right") left = x - width - tip;
  if (side.endsWith("_left")) left = x;
  if (side.endsWith("_right")) left = x - width;
  if (color) {
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.roundRect(left, top, width, height, 3);
    ctx.fill();
    const t = tip * 0.9;
    if (side === "down") polygon(ctx, [[x, y], [x - t, top + height], [x + t, top + height]]);
    if (side === "up") polygon(ctx, [[x, y], [x - t, top], [x + t, top]]);
    if (side === "left") polygon(ctx, [[x, y], [left, y - t], [left, y + t]]);
    if (side === "right") polygon(ctx, [[x, y], [left + width, y - t], [left + width, y + t]]);
    if (side === "lower_left") polygon(ctx, [[x, y], [left, top + height - 3], [left + t * 2, top + height]]);
    if (side === "lower_right") polygon(ctx, [[x, y], [left + width, top + height - 3], [left + width - t * 2, top + height]]);
    if (side === "upper_left") polygon(ctx, [[x, y], [left, top + 3], [left + t * 2, top]]);
    if (side === "upper_right") polygon(ctx, [[x, y], [left + width, top + 3], [left + width - t * 2, top]]);
  }
  if (!ink) return;
  ctx.fillStyle = ink;
  ctx.textBaseline = "middle";
  ctx.textAlign = align === "left" || align === "right" ? align : "center";
  const at = align === "left" ? left + pad : align === "right" ? left + width - pad : left + width / 2;
  lines.forEach((line, k) => ctx.fillText(line, at, top + pad / 2 + (k + 0.5) * step));
}
