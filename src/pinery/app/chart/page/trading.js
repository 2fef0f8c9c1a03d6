// Trades, positions and resting orders on the price pane.

import { disc, polygon, stroke } from "./plots.js";
import { formatNumber } from "./text.js";

// A line from entry to exit; a triangle beside the entry's bar that points the way; a disc at the exit, hollow after a
// loss. `trades` has a list per column.
export function drawTrades(ctx, view, trades, theme) {
  if (view.spacing < 3) return drawCrowdedTrades(ctx, view, trades, theme);
  ctx.save();
  for (let i = 0; i < trades.entry.length; i++) {
    if (trades.entry[i] > view.last + 1 || trades.exit[i] < view.first - 1) continue;
    drawTrade(ctx, view, trades, i, theme);
  }
  ctx.restore();
}

// Far zoomed out: the lines alone, all of one colour at once.
function drawCrowdedTrades(ctx, view, trades, theme) {
  const won = new Path2D(), lost = new Path2D();
  for (let i = 0; i < trades.entry.length; i++) {
    if (trades.entry[i] > view.last + 1 || trades.exit[i] < view.first - 1) continue;
    const y1 = view.y(trades.entryPrice[i]), y2 = view.y(trades.exitPrice[i]);
    if (y1 === null || y2 === null) continue;
    const path = trades.profit[i] >= 0 ? won : lost;
    path.moveTo(view.x(trades.entry[i]), y1);
    path.lineTo(view.x(trades.exit[i]), y2);
  }
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  for (const [path, color] of [[won, theme.up], [lost, theme.down]]) {
    ctx.strokeStyle = color;
    ctx.stroke(path);
  }
}

function drawTrade(ctx, view, trades, i, theme) {
  const from = [view.x(trades.entry[i]), view.y(trades.entryPrice[i])], to = [view.x(trades.exit[i]), view.y(trades.exitPrice[i])];
  if (from[1] === null || to[1] === null) return;
  const won = trades.profit[i] >= 0, color = won ? theme.up : theme.down, buys = trades.side[i] > 0;
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([4, 3]);
  stroke(ctx, [from, to]);
  ctx.setLineDash([]);
  const x = from[0], size = 5, way = buys ? 1 : -1;
  const edge = view.y(buys ? view.low[trades.entry[i]] : view.high[trades.entry[i]]), tip = (edge ?? from[1]) + way * 5;
  ctx.fillStyle = theme.accent;
  polygon(ctx, [[x, tip], [x + size, tip + way * size * 1.8], [x - size, tip + way * size * 1.8]]);
  if (!trades.open[i]) {
    ctx.beginPath();
    ctx.arc(to[0], to[1], 3.5, 0, 2 * Math.PI);
    ctx.fillStyle = won ? color : theme.paper;
    ctx.strokeStyle = color;
    ctx.fill();
    ctx.stroke();
  }
  if (view.spacing > 14) {
    ctx.font = `11px ${theme.font}`;
    ctx.textAlign = "center";
    ctx.textBaseline = buys ? "top" : "bottom";
    ctx.fillStyle = theme.accent;
    ctx.fillText(trades.entrySignal[i].slice(0, 24), x, tip + way * 12);
  }
}

// Fills of the account: a ring on the price with a triangle in it that points the way.
export function drawFills(ctx, view, fills, theme) {
  for (const fill of fills) {
    if (fill.bar < view.first - 2 || fill.bar > view.last + 2) continue;
    const x = view.x(fill.bar), y = view.y(fill.price);
    if (y === null) continue;
    const color = fill.side > 0 ? theme.up : theme.down;
    if (view.spacing < 2) {
      ctx.fillStyle = color;
      disc(ctx, x, y, 2);
      continue;
    }
    ctx.fillStyle = theme.paper;
    disc(ctx, x, y, 8);
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(x, y, 7, 0, 2 * Math.PI);
    ctx.stroke();
    const way = fill.side > 0 ? -1 : 1;
    polygon(ctx, [[x, y + way * 4], [x + 4, y - way * 3], [x - 4, y - way * 3]]);
  }
}

// Lines of what is held and what rests: {price, text, color, own}; those of the script are dotted and faint.
export function drawLevels(ctx, view, levels, theme) {
  ctx.save();
  ctx.font = `11px ${theme.font}`;
  ctx.textBaseline = "middle";
  const taken = [];
  for (const level of levels) {
    const y = view.y(level.price);
    if (y === null || y < -20 || y > view.height + 20) continue;
    ctx.globalAlpha = level.own ? 1 : 0.75;
    ctx.strokeStyle = level.color;
    ctx.lineWidth = 1;
    ctx.setLineDash(level.position ? (level.own ? [] : [1, 3]) : level.own ? [6, 3] : [2, 4]);
    stroke(ctx, [[0, y], [view.width, y]]);
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    const width = ctx.measureText(level.text).width + 12;
    let right = view.width - 8;
    for (const other of taken) if (Math.abs(other.y - y) < 16 && right > other.left - 4) right = other.left - 6;
    const left = right - width;
    taken.push({ y, left });
    ctx.fillStyle = level.own ? level.color : theme.paper;
    ctx.beginPath();
    ctx.roundRect(left, y - 8, width, 16, 4);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = level.own ? theme.paper : level.color;
    ctx.textAlign = "left";
    ctx.fillText(level.text, left + 6, y + 0.5);
  }
  ctx.restore();
}

// What a position has won or lost so far, in the money of its account.
function gain(profit) {
  if (profit === null || profit === undefined) return "";
  return ` · ${profit < 0 ? "−" : "+"}${formatNumber(Math.abs(profit), 2)}`;
}

const KINDS = { entry: "accent", stop: "down", target: "up", exit: "quiet" };
const NAMES = { entry: "Entry", stop: "Stop", target: "Target", exit: "Exit" };

// What `trading` ({position, orders}) holds, as lines. `own`: of the account, else of the script's broker.
export function levelsOf(trading, theme, own) {
  if (!trading) return [];
  const prefix = own ? "" : "Script · ";
  const levels = [];
  for (const position of trading.positions ?? []) {
    if (position.price === null) continue;
    const side = position.side > 0 ? "Long" : "Short";
    levels.push({ price: position.price, text: `${prefix}${side} ${position.qty}${gain(position.profit)}`, color: position.side > 0 ? theme.up : theme.down, own, position: true });
  }
  for (const order of trading.orders ?? []) {
    if (order.price === null) continue;
    const side = order.side > 0 ? "buy" : "sell";
    levels.push({ price: order.price, text: `${prefix}${NAMES[order.kind] ?? order.kind} · ${side}${order.qty ? ` ${order.qty}` : ""}${order.name ? ` · ${order.name.slice(0, 24)}` : ""}`, color: theme[KINDS[order.kind] ?? "accent"], own, position: false });
  }
  return levels;
}
