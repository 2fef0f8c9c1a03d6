/** A chart's data as GET /views/{id} gives it, once its columns are made, and what changes it. */

export interface Holding {
  side: number;
  qty: number;
  price: number | null;
  profit: number | null;
}

export interface Resting {
  kind: "entry" | "exit" | "stop" | "target";
  side: number;
  qty: number | null;
  price: number | null;
  name: string;
}

export interface Holdings {
  positions: Holding[];
  orders: Resting[];
}

/** A list per column. */
export interface Trades {
  number: number[];
  side: number[];
  entry: number[];
  exit: number[];
  entrySignal: string[];
  exitSignal: string[];
  entryPrice: number[];
  exitPrice: number[];
  qty: number[];
  profit: number[];
  open: number[];
}

export interface Fill {
  id: string;
  /** Of the market, Unix ms. */
  time: number;
  /** Of the clock. */
  at: string;
  side: number;
  qty: number;
  price: number;
}

/** What the account of a deployment really holds. */
export interface Account extends Holdings {
  fills: Fill[];
}

export interface Level {
  price: number;
  text: string;
  color: string;
  own: boolean;
  position: boolean;
}

export interface Trouble {
  part: "script" | "market";
  message: string;
  hint: string | null;
  line: number | null;
  bar: number | null;
}

export interface LiveState {
  seq: number;
  state: "loading" | "live" | "silent" | "failed";
  error: Trouble | null;
  script: string;
  kind: string;
  plain: boolean;
  feed: string;
  deployment: string;
  own_timeframe: boolean;
  late: number;
  missing: number;
  market?: number;
  clock?: number;
  speed?: number;
  /** When the newest bar ends (Unix ms, of the market). */
  closes?: number | null;
  /** Of the script's trades. */
  currency?: string;
}

type Row = [bar: number, text: string, tone: string];

export interface ChartData {
  meta: {
    script: string;
    short: string;
    symbol: string;
    timeframe: string;
    precision: number;
    intraday: boolean;
    seconds: boolean;
    inputs: [string, string][];
  };
  utc: Float64Array;
  shown: Float64Array;
  bars: Record<"o" | "h" | "l" | "c" | "v", Float64Array>;
  alerts: Row[];
  logs: Row[];
  trading: (Holdings & { trades: Trades }) | null;
  account?: Account;
  live: LiveState;
}

export interface Update {
  from: number;
  time: number[];
  live: LiveState;
  panes?: { drawings?: Record<string, unknown> }[];
  alerts?: unknown;
  logs?: unknown;
  zone?: unknown;
}

export interface Moved {
  from: number;
  bars: number;
}

/** What is asked for: POST /views. */
export interface ViewRequest {
  deployment?: string;
  script?: string;
  text?: string;
  feed?: string;
  symbol?: string;
  timeframe?: string;
  inputs?: Record<string, string | number | boolean>;
  bars?: number;
}
