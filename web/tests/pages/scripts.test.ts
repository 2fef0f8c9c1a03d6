import { expect, test } from "vitest";
import { evidenceOf, faultOf, metric, purposeOf, rowsOf, worded, type Input, type Result } from "../../src/pages/scripts/types.ts";

const input = (more: Partial<Input>): Input => ({
  key: "k",
  title: "Length",
  type: "int",
  default: 8,
  value: 8,
  min: null,
  max: null,
  step: null,
  options: null,
  group: "",
  inline: "",
  tooltip: "",
  ...more,
});

test("inputs stand in their groups, those of one line side by side", () => {
  const found = rowsOf([
    input({ key: "a", group: "One", inline: "x" }),
    input({ key: "b", group: "Two", inline: "x" }),
    input({ key: "c", group: "One" }),
    input({ key: "d", group: "One", inline: "x" }),
    input({ key: "e", group: "One" }),
  ]);
  expect(found.map(({ group, rows }) => [group, rows.map((row) => row.map((one) => one.key))])).toEqual([
    ["One", [["a", "d"], ["c"], ["e"]]],
    ["Two", [["b"]]],
  ]);
});

test.each([
  [{ min: 2 }, "1", "must be at least 2"],
  [{ max: 50 }, "51", "must be at most 50"],
  [{ min: 2, max: 50 }, "50", ""],
  [{}, "2.5", "must be a whole number"],
  [{ type: "float" }, "2.5", ""],
  [{ type: "float", min: 0 }, "-0.1", "must be at least 0"],
  [{}, " ", "must be a number"],
  [{}, "12a", "must be a number"],
  [{ type: "string", min: null }, "anything", ""],
] as [Partial<Input>, string, string][])("%j takes %j: %j", (more, text, wanted) => {
  expect(faultOf(input(more), text)).toBe(wanted);
});

test("a backtest is evidence for what it was of, and for nothing else", () => {
  const tested = { id: "1", subject: "this", symbol: "ES", timeframe: "5" };
  expect(evidenceOf(tested, "this").backtest).toBe("1");
  expect(evidenceOf(tested, "that")).toEqual({ backtest: "", symbol: "ES", timeframe: "5" });
  expect(evidenceOf(null, "this")).toEqual({ backtest: "", symbol: "", timeframe: "" });
});

test("figures of a result, by side or without", () => {
  const result = (metrics: Record<string, unknown>): Result => ({ metrics, trades: [], equity: [], warnings: [], verdict: null });
  expect(metric(result({ all: { net_profit: 5 } }), "net_profit")).toBe(5);
  expect(metric(result({ net_profit: { all: 6, long: 1 } }), "net_profit")).toBe(6);
  expect(metric(result({ net_profit: 7 }), "net_profit")).toBe(7);
  expect(metric(result({ all: { net_profit: null } }), "net_profit")).toBeNull();
  expect(worded("max_drawdown_percent")).toBe("Max drawdown, percent");
});

test("a script's head says which bars it is for", () => {
  const text = "// Title\n//\n// @pinery market     SP:SPX\n// @pinery timeframe  5\n//@version=6\n";
  expect(purposeOf(text)).toEqual({ market: "SP:SPX", timeframe: "5" });
  expect(purposeOf('//@version=6\nindicator("x")')).toEqual({ market: "", timeframe: "" });
});
