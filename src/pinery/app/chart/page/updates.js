// Brings prepared data up to date. What an update holds is told in pinery/app/views/changes.py.

import { extendZone, replaceTail } from "./columns.js";

// [drop, keep, rows]: the old rows without the first `drop`, of which `keep` stay, then new ones.
export function splice(rows, change) {
  if (!change) return rows;
  const [drop, keep, more] = change;
  return [...rows.slice(drop, drop + keep), ...more];
}

export function applyUpdate(data, update) {
  const { from } = update, length = from + update.time.length;
  data.utc = replaceTail(data.utc, from, update.time);
  if (update.zone) data.zone = update.zone;
  extendZone(data, from);
  for (const key of ["o", "h", "l", "c", "v"]) if (data.bars[key]) data.bars[key] = replaceTail(data.bars[key], from, update.bars[key]);
  if (data.barcolors && update.bars.colors) data.barcolors.replaceTail(from, update.bars.colors, length);
  update.items.forEach((change, k) => applyItem(data.items[k], change, from, length));
  update.panes?.forEach((change, k) => {
    if (change.precision !== undefined) data.panes[k].precision = change.precision;
    for (const [kind, difference] of Object.entries(change.drawings ?? {})) data.panes[k].drawings[kind] = splice(data.panes[k].drawings[kind], difference);
  });
  for (const key of ["alerts", "logs", "sessions"]) if (update[key]) data[key] = splice(data[key], update[key]);
  if (update.trading) applyTrading(data.trading, update.trading);
  if (update.live) data.live = { ...data.live, ...update.live };
  return data;
}

function applyItem(item, change, from, length) {
  const first = change.from ?? from;
  for (const key of Object.keys(change)) {
    if (key === "from") continue;
    if (item.columns.includes(key)) {
      if (item[key].length || change[key].length) item[key] = replaceTail(item[key], Math.min(first, item[key].length), change[key]);
    } else if (item.palettes.includes(key)) item[key].replaceTail(first, change[key], length);
    else if (key === "at") {
      while (item.at.length && item.at[item.at.length - 1][0] >= first) item.at.pop();
      item.at.push(...change.at);
    } else item[key] = change[key];
  }
}

function applyTrading(trading, change) {
  for (const [name, rows] of Object.entries(change.trades)) {
    trading.trades[name].length = change.keep;
    trading.trades[name].push(...rows);
  }
  for (const name of ["positions", "orders"]) if (change[name]) trading[name] = change[name];
}
