/** What a script's closed trades come to. */
import type { Trades } from "./data.ts";

export interface Figures {
  trades: number;
  wins: number;
  profit: number;
  /** Of all, 0 to 1; null without a trade. */
  winRate: number | null;
  /** Gross profit to gross loss; null without a loss. */
  factor: number | null;
  /** Of the sum of profits, from its peak. */
  drawdown: number;
}

/** `trades` in the order of their exits; those that are open do not count. */
export function figuresOf({ profit, open }: Pick<Trades, "profit" | "open">): Figures {
  let count = 0, wins = 0, won = 0, lost = 0, peak = 0, drawdown = 0;
  profit.forEach((one, index) => {
    if (open[index]) return;
    count++;
    if (one > 0) {
      wins++;
      won += one;
    } else lost -= one;
    peak = Math.max(peak, won - lost);
    drawdown = Math.max(drawdown, peak - (won - lost));
  });
  return { trades: count, wins, profit: won - lost, winRate: count ? wins / count : null, factor: lost ? won / lost : null, drawdown };
}
