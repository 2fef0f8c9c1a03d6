/** A chart in words, for those who do not see it. */
import type { ChartData } from "./data.ts";
import { formatNumber } from "./drawing.js";
import { longTimeframe } from "./times.ts";

const SIGNALS = 3;

/** `left`: time until the open bar closes, if one is open. */
export function summary(data: ChartData, time: (bar: number) => string, left = ""): string {
  const { meta, bars, live } = data;
  const last = bars.c.length - 1;
  const price = (value: number | null) => formatNumber(value, meta.precision);
  const said = [`${meta.symbol}, ${longTimeframe(meta.timeframe)}, ${last + 1} bars.`];
  said.push(`Last price ${price(bars.c[last] ?? NaN)}${live.state === "silent" ? ", no new prices" : ""}.`);
  if (left) said.push(`The bar closes in ${left}.`);
  for (const [whose, holdings] of [["Account", data.account], ["Script", data.trading]] as const) {
    if (!holdings) continue;
    const held = holdings.positions.map((one) => `${one.side > 0 ? "long" : "short"} ${one.qty} at ${price(one.price)}`);
    const resting = holdings.orders.flatMap((one) => (one.price === null ? [] : [`${one.kind} at ${price(one.price)}`]));
    said.push(`${whose}: ${held.join(", ") || "flat"}${resting.length ? `; ${resting.join(", ")}` : ""}.`);
  }
  const alerts = data.alerts.slice(-SIGNALS).reverse();
  if (alerts.length) said.push(`Last alerts: ${alerts.map(([bar, text]) => `${text} (${time(bar)})`).join("; ")}.`);
  if (live.error) said.push(`Error: ${live.error.message}.`);
  return said.join(" ");
}
