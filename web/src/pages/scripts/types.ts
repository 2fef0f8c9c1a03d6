/** Answers about scripts and their backtests. */
import type { Finding } from "../../editor/Editor.svelte";

export interface Script {
  id: string;
  name: string;
  title: string;
  kind: string;
  version: number | null;
  place: "library" | "own";
  writable: boolean;
  modified: string;
  bytes: number;
  used_by: string[];
}

export interface ScriptText {
  script: Script;
  text: string;
  sha256: string;
}

export type Value = string | number | boolean;

export interface Input {
  key: string;
  title: string;
  type: string;
  default: Value | null;
  value: Value | null;
  min: number | null;
  max: number | null;
  step: number | null;
  options: Value[] | null;
  group: string;
  inline: string;
  tooltip: string;
}

export interface Checked {
  diagnostics: Finding[];
  kind: string;
  title: string;
  version: number | null;
  inputs: Input[];
  problem: string | null;
}

export interface Market {
  source: string;
  symbol: string;
  timeframe: string;
  bars: number | null;
  first: string | null;
  last: string | null;
}

export interface TestedTrade {
  number: number;
  direction: number;
  qty: number;
  entry_signal: string;
  entry_price: number;
  entry_time: number;
  exit_signal: string;
  exit_price: number | null;
  exit_time: number | null;
  profit: number;
  profit_percent: number;
  cumulative_profit: number;
  max_runup: number;
  max_drawdown: number;
  is_open: boolean;
}

export interface Verdict {
  passed: boolean;
  checks: { name: string; value: number | null; comparison: string; limit: number; passed: boolean }[];
}

export interface Result {
  currency?: string;
  metrics: Record<string, unknown>;
  trades: TestedTrade[];
  equity: [number, number][];
  warnings: string[];
  verdict: Verdict | null;
}

export interface Backtest {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "canceled";
  name: string;
  done: number;
  total: number;
  error: string;
  hint: string;
  seconds: number | null;
  result: Result | null;
}

/** A backtest that was run, what of (see `evidenceOf`), and on which market. */
export interface Tested {
  id: string;
  subject: string;
  symbol: string;
  timeframe: string;
}

/** What a deployment takes over from the last backtest: it is evidence only while it is of what is at hand. */
export function evidenceOf(tested: Tested | null, subject: string): { backtest: string; symbol: string; timeframe: string } {
  return {
    backtest: tested?.subject === subject ? tested.id : "",
    symbol: tested?.symbol ?? "",
    timeframe: tested?.timeframe ?? "",
  };
}

const NUMBERS = new Set(["int", "float", "price"]);

export function isNumber(input: Input): boolean {
  return NUMBERS.has(input.type);
}

/** Why the input does not take what was typed; empty: it does. */
export function faultOf(input: Input, text: string): string {
  if (!isNumber(input)) return "";
  const value = Number(text);
  if (!text.trim() || !Number.isFinite(value)) return "must be a number";
  if (input.type === "int" && !Number.isInteger(value)) return "must be a whole number";
  if (input.min !== null && value < input.min) return `must be at least ${input.min}`;
  if (input.max !== null && value > input.max) return `must be at most ${input.max}`;
  return "";
}

/** Rows of the panel: inputs of one group, those that share `inline` side by side. */
export function rowsOf(inputs: readonly Input[]): { group: string; rows: Input[][] }[] {
  const groups: { group: string; rows: Input[][] }[] = [];
  for (const input of inputs) {
    let group = groups.find((one) => one.group === input.group);
    if (!group) groups.push((group = { group: input.group, rows: [] }));
    const beside = input.inline ? group.rows.find((row) => row[0]!.inline === input.inline) : undefined;
    if (beside) beside.push(input);
    else group.rows.push([input]);
  }
  return groups;
}

/** "max_drawdown_percent" in words. */
export function worded(name: string): string {
  const text = name.replaceAll("_", " ").replace(/ percent$/, ", percent");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A figure of all trades: metrics are kept by name, then by side. */
export function metric(result: Result, name: string): number | null {
  const found = result.metrics[name];
  if (typeof found === "number") return found;
  const of = found && typeof found === "object" ? (found as Record<string, unknown>)["all"] : (result.metrics["all"] as Record<string, unknown> | undefined)?.[name];
  return typeof of === "number" ? of : null;
}

/** What the head of a script says that it was made for (`// @pinery market CME_MINI:ES1!`), as those of the library do. */
export function purposeOf(text: string): { market: string; timeframe: string } {
  const said = (key: string): string => new RegExp(`^//\\s*@pinery\\s+${key}\\s+(\\S+)`, "m").exec(text)?.[1] ?? "";
  return { market: said("market"), timeframe: said("timeframe") };
}

export function tickerOf(symbol: string): string {
  return symbol.slice(symbol.indexOf(":") + 1).toUpperCase();
}
