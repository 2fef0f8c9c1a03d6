/** Answers about one deployment. */

export interface Check {
  name: string;
  title: string;
  unit: string;
  value: number | string | null;
  comparison: string;
  limit: number | string;
  passed: boolean;
  note: string;
}

export interface Promotion {
  id: number;
  before: string;
  after: string;
  at: string;
  by: string;
  granted: boolean;
  note: string;
  missing: string[];
}

export interface Checklist {
  deployment: string;
  configured: string;
  stage: string;
  next: string | null;
  checks: Check[];
  allowed: boolean;
  history: Promotion[];
}

/** What a new deployment is to be; `stop` and `target` make its bracket. */
export interface Wanted {
  name: string;
  account: string;
  symbol: string;
  timeframe: string;
  size: string;
  stop: string;
  target: string;
}

export const UNNAMED: Wanted = { name: "", account: "", symbol: "", timeframe: "", size: "1", stop: "", target: "" };

/** What has become of it. */
export interface Made {
  name: string;
  stage: string;
  webhook_url: string;
  promotion: Checklist;
}

/** A backtest that could be evidence. */
export interface Tested {
  id: string;
  state: string;
  name: string;
  source: string;
  symbol: string;
  created: string;
}

/** What to do about a check; the server's note on a backtest is for the command line. */
export function noteOf(check: Check): string {
  return check.name === "backtest" && !check.passed ? "choose one when you promote; the page Scripts runs them" : check.note;
}

export interface TestAnswer {
  understood: boolean;
  reason: string;
  fields: Record<string, unknown>;
  signal: Record<string, unknown>;
  steps: { step: string; result: string; facts: string }[];
}

export const STAGES = ["backtest", "paper", "small", "production"];

const UNITS: Record<string, (value: number) => string> = {
  percent: (value) => `${round(value)} %`,
  share: (value) => `${round(value * 100)} %`,
  ms: (value) => `${round(value)} ms`,
  seconds: (value) => `${round(value)} s`,
  days: (value) => `${round(value)} days`,
};

function round(value: number): string {
  return new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);
}

/** A figure of a checklist with its unit; a dash where it is not known. */
export function figure(value: number | string | null, unit: string): string {
  if (value === null || value === "") return "—";
  if (typeof value === "string") return value;
  return (UNITS[unit] ?? round)(value);
}
