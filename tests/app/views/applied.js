// Applies updates to a snapshot as the dashboard does, and says where the result differs from a later snapshot.
// node applied.js FILE: {"pages": folder of the drawing code, "first": …, "updates": […], "last": …}

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const given = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const load = (name) => import(pathToFileURL(`${given.pages}/${name}`).href);
const { prepare } = await load("columns.js"), { applyUpdate } = await load("updates.js");

const zone = given.zone ?? null;
const made = prepare(given.first, zone);
for (const update of given.updates) applyUpdate(made, update);
const wanted = prepare(given.last, zone);

const found = [];
const same = (where, a, b) => {
  const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
  if (one !== other) found.push(`${where}: ${String(one).slice(0, 200)} is not ${String(other).slice(0, 200)}`);
};
const colors = (palette, bars) => Array.from({ length: bars }, (_, i) => palette?.at(i) ?? null);

const bars = wanted.utc.length;
for (const key of ["utc", "shown"]) same(key, [...made[key]], [...wanted[key]]);
for (const key of ["o", "h", "l", "c", "v"]) same(`bars.${key}`, [...made.bars[key]], [...wanted.bars[key]]);
same("barcolors", colors(made.barcolors, bars), colors(wanted.barcolors, bars));
wanted.items.forEach((item, k) => {
  const other = made.items[k];
  for (const key of Object.keys(item)) {
    const where = `items.${k}.${key} (${item.type} ${item.title ?? ""})`;
    if (item.columns.includes(key)) same(where, [...other[key]], [...item[key]]);
    else if (item.palettes.includes(key)) same(where, colors(other[key], bars), colors(item[key], bars));
    else if (item.type !== "fill" || !["from", "to"].includes(key)) same(where, other[key], item[key]);
  }
});
for (const key of ["panes", "alerts", "logs", "sessions", "trading"]) same(key, made[key], wanted[key]);
console.log(JSON.stringify(found));
