/** What closed trades tell: excursions, and how wins and losses follow each other. */
import type { Trade } from "../api/types.ts";
import { perCurrency, type Amount } from "../format/sums.ts";

/** The most that a trade was up (MFE) and down (MAE, 0 or below), in money; null where it is not known. */
export function excursions(
  trade: Trade,
  pointValue: number | undefined,
): { best: number | null; worst: number | null } {
  const money = (price: number | null): number | null =>
    price === null || pointValue === undefined
      ? null
      : (price - trade.entry_price) * (trade.side === "long" ? 1 : -1) * trade.quantity * pointValue;
  const [best, worst] = [money(trade.best), money(trade.worst)];
  return { best: best && Math.max(0, best), worst: worst && Math.min(0, worst) };
}

export interface Record {
  wins: number;
  losses: number;
  profits: Amount[];
  /** Of the newest trades: above 0 so many wins in a row, below 0 losses. */
  streak: number;
}

/** Of trades, the newest first. */
export function recordOf(trades: readonly Trade[], currency: (trade: Trade) => string): Record {
  const wins = trades.filter((trade) => trade.profit > 0).length;
  const losses = trades.filter((trade) => trade.profit < 0).length;
  let streak = 0;
  for (const { profit } of trades) {
    const sign = Math.sign(profit);
    if (!sign || (streak && sign !== Math.sign(streak))) break;
    streak += sign;
  }
  return { wins, losses, profits: perCurrency(trades, currency, (trade) => trade.profit), streak };
}
