import { expect, test } from "vitest";
import type { Account, Trade } from "../../src/api/types.ts";
import { perCurrency } from "../../src/format/sums.ts";
import { figuresOf } from "../../src/chart/tested.ts";
import { together, upToNow } from "../../src/pages/equity.ts";
import { excursions, recordOf } from "../../src/pages/trades.ts";

const trade = (more: Partial<Trade>): Trade => ({
  id: "t",
  deployment: "es",
  account: "paper",
  symbol: "ES",
  side: "long",
  quantity: 2,
  entry_price: 100,
  exit_price: 103,
  entry_time: "2026-01-05T10:00:00Z",
  exit_time: "2026-01-05T11:00:00Z",
  profit: 296,
  fees: 4,
  won: true,
  entry_signal: "",
  exit_signal: "",
  exit_role: "exit",
  best: 105,
  worst: 99,
  ...more,
});

test("excursions are in money, by what a point was worth", () => {
  expect(excursions(trade({}), 50)).toEqual({ best: 500, worst: -100 });
  expect(excursions(trade({ side: "short", best: 98, worst: 101 }), 50)).toEqual({ best: 200, worst: -100 });
  expect(excursions(trade({}), undefined)).toEqual({ best: null, worst: null });
});

test("wins, losses and what follows each other", () => {
  const inUsd = () => "USD";
  const found = recordOf([-1, -2, 5, 0, -3].map((profit) => trade({ profit })), inUsd);
  expect(found).toEqual({ wins: 1, losses: 3, profits: [{ currency: "USD", amount: -1 }], streak: -2 });
  expect(recordOf([], inUsd).streak).toBe(0);
});

test("the tester's line: closed trades alone, and the deepest fall of their sum", () => {
  // Sums: 10, 4, -2, 18, 15; the trade under way would change all of it.
  expect(figuresOf({ profit: [10, -6, -6, 20, -3, -100], open: [0, 0, 0, 0, 0, 1] })).toEqual({
    trades: 5,
    wins: 2,
    profit: 15,
    winRate: 0.4,
    factor: 2,
    drawdown: 12,
  });
  expect(figuresOf({ profit: [-5], open: [0] })).toMatchObject({ profit: -5, winRate: 0, factor: 0, drawdown: 5 });
  expect(figuresOf({ profit: [5], open: [1] })).toMatchObject({ trades: 0, profit: 0, winRate: null, factor: null, drawdown: 0 });
  expect(figuresOf({ profit: [5], open: [0] }).factor).toBeNull();
});

test("amounts of different currencies are never added, and a sum with a part that is unknown is unknown", () => {
  const rows = [["USD", 1], ["USDT", 2], ["USD", 3], ["EUR", 4], ["EUR", null]] as const;
  const found = perCurrency(rows, ([currency]) => currency, ([, amount]) => amount);
  expect(found).toEqual([
    { currency: "EUR", amount: null },
    { currency: "USD", amount: 4 },
    { currency: "USDT", amount: 2 },
  ]);
});

test("several accounts are one curve, without jumps where one begins", () => {
  const row = (account: string, minute: number, equity: number) => ({
    account,
    time: new Date(minute * 60_000).toISOString(),
    equity,
    balance: equity,
  });
  const points = together([row("a", 1, 100), row("a", 2, 110), row("b", 2, 50), row("b", 3, 45)]);
  expect(points.map((point) => point.value)).toEqual([150, 160, 155]);
});

test("the curve goes on to the equity of now", () => {
  const minute = (account: string, time: string, equity: number) => ({ account, time, equity, balance: equity });
  const account = (name: string, time: string | null, equity: number | null) => ({ name, time, equity, balance: equity }) as Account;
  const rows = [minute("a", "2026-01-05T10:00:00.000Z", 100), minute("b", "2026-01-05T10:00:00.000Z", 50)];
  const found = upToNow(rows, [
    account("a", "2026-01-05T10:00:42.000Z", 104),
    account("b", "2026-01-05T10:00:41.000Z", 49),
    account("never", null, null),
    account("another", "2026-01-05T10:00:42.000Z", 9),
  ]);
  expect(together(found).map((point) => point.value)).toEqual([150, 149, 153]);
  expect(upToNow(rows, [account("a", "2026-01-05T09:59:59.000Z", 99)])).toEqual(rows);
});
