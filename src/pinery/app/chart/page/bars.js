// The candles, their volume and the last price. The library draws its own series from a copy of all their bars, which
// it makes anew with each update; what stands here reads the columns, and of those only the bars in sight.

import { opaque } from "./text.js";

// Bars of less than so many pixels are drawn together, as many as share a column of pixels.
const TOGETHER = 1;

// The lower part of the pane that volume takes.
const VOLUME = 0.16;

// Pixels of a candle's body (of the screen, so that bodies are sharp): a gap remains, and the wick is in the middle.
function bodyWidth(spacing, ratio) {
  if (spacing >= 2.5 && spacing <= 4) return Math.floor(3 * ratio);
  const share = 1 - (0.2 * Math.atan(Math.max(4, spacing) - 4)) / (Math.PI / 2);
  return Math.max(Math.floor(ratio), Math.min(Math.floor(spacing * share * ratio), Math.floor(spacing * ratio)));
}

// Calls `draw(column, first, last)` for the bars in sight, those that share a column of pixels together.
function byColumn(view, draw) {
  const first = Math.max(0, view.first), last = Math.min(view.bars - 1, view.last);
  const column = (i) => Math.round(view.x(i) * view.ratio);
  if (view.spacing >= TOGETHER) {
    for (let i = first; i <= last; i++) draw(column(i), i, i);
    return;
  }
  for (let i = first; i <= last; ) {
    const at = column(i);
    let end = i;
    while (end < last && column(end + 1) === at) end++;
    draw(at, i, end);
    i = end + 1;
  }
}

export function drawPrices(ctx, data, view, theme) {
  const { o, h, l, c } = data.bars, { ratio } = view;
  const wick = Math.max(1, Math.floor(ratio));
  let body = bodyWidth(view.spacing, ratio);
  if (body > wick && (body - wick) % 2) body--;
  ctx.save();
  ctx.scale(1 / ratio, 1 / ratio); // from here on in pixels of the screen
  byColumn(view, (x, first, last) => {
    let high = -Infinity, low = Infinity, open = NaN, close = NaN;
    for (let i = first; i <= last; i++) {
      if (!(o[i] === o[i] && h[i] === h[i] && l[i] === l[i] && c[i] === c[i])) continue;
      if (h[i] > high) high = h[i];
      if (l[i] < low) low = l[i];
      if (open !== open) open = o[i];
      close = c[i];
    }
    if (low > high) return;
    const top = view.y(high), bottom = view.y(low);
    if (top === null || bottom === null) return;
    ctx.fillStyle = data.barcolors?.at(last) || (close >= open ? theme.up : theme.down);
    const highest = Math.round(top * ratio), lowest = Math.max(highest + 1, Math.round(bottom * ratio));
    const left = x - Math.floor(wick / 2);
    if (body <= wick) {
      ctx.fillRect(left, highest, wick, lowest - highest);
      return;
    }
    const [y1, y2] = [view.y(open), view.y(close)];
    const from = Math.round(Math.min(y1, y2) * ratio), to = Math.max(from + wick, Math.round(Math.max(y1, y2) * ratio));
    // a bar's own colour may be transparent: nothing is drawn upon each other
    if (from > highest) ctx.fillRect(left, highest, wick, from - highest);
    if (lowest > to) ctx.fillRect(left, to, wick, lowest - to);
    ctx.fillRect(left - (body - wick) / 2, from, body, to - from);
  });
  ctx.restore();
}

export function drawVolume(ctx, data, view, theme) {
  const { o, c, v } = data.bars, { ratio } = view;
  if (!v) return;
  let most = 0;
  for (let i = Math.max(0, view.first); i <= Math.min(view.bars - 1, view.last); i++) if (v[i] > most) most = v[i];
  if (!most) return;
  const up = opaque(theme.up, 0.28), down = opaque(theme.down, 0.28);
  const bottom = Math.round(view.height * ratio), highest = view.height * VOLUME * ratio;
  const spacing = Math.max(1, Math.round(view.spacing * ratio)), width = spacing > 2 ? spacing - Math.max(1, Math.floor(ratio)) : spacing;
  ctx.save();
  ctx.scale(1 / ratio, 1 / ratio);
  byColumn(view, (x, first, last) => {
    let largest = 0, at = first;
    for (let i = first; i <= last; i++) if (v[i] > largest) [largest, at] = [v[i], i];
    if (!largest) return;
    const height = Math.max(1, Math.round((highest * largest) / most));
    ctx.fillStyle = c[at] >= o[at] ? up : down;
    ctx.fillRect(x - Math.floor(width / 2), bottom - height, width, height);
  });
  ctx.restore();
}

// The newest price: {price, color}; null where the newest bar has none.
export function lastPrice(data, theme) {
  const { o, c } = data.bars, last = c.length - 1;
  if (last < 0 || c[last] !== c[last]) return null;
  return { price: c[last], color: data.barcolors?.at(last) || (c[last] >= o[last] ? theme.up : theme.down) };
}

export function drawLastPrice(ctx, data, view, theme) {
  const last = lastPrice(data, theme), y = last && view.y(last.price);
  if (!last || y === null) return;
  const { ratio } = view, thick = Math.max(1, Math.floor(ratio));
  ctx.fillStyle = last.color;
  const step = 4 * thick, line = Math.round(y * ratio) / ratio;
  for (let x = 0; x < view.width * ratio; x += step) ctx.fillRect(x / ratio, line, (2 * thick) / ratio, thick / ratio);
}
