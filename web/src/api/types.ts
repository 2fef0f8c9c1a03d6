/** What the control API answers. Times are ISO 8601 in UTC; numbers come with all their digits. */

export type Role = "viewer" | "trader" | "admin";
export type TradingState = "active" | "reducing" | "halted";
export type Severity = "info" | "warning" | "critical";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  name: string;
  role: Role;
  csrf: string | null;
  expires: string | null;
}

export interface Scope {
  scope: string;
  state: TradingState;
  reason: string;
  by: string;
  at: string;
}

export interface Component {
  component: string;
  last: string;
  age_seconds: number;
  alive: boolean;
}

export interface Account {
  name: string;
  broker: string;
  environment: string;
  currency: string;
  state: TradingState;
  balance: number | null;
  equity: number | null;
  margin_used: number | null;
  available: number | null;
  time: string | null;
  day: string;
  day_profit: number | null;
  open_profit: number | null;
  positions: number;
  working_orders: number;
}

export interface DeploymentState {
  name: string;
  account: string;
  stage: string;
  symbol: string;
  paused: boolean;
  state: TradingState;
}

export interface Position {
  deployment: string;
  account: string;
  symbol: string;
  side: "long" | "short" | "flat";
  quantity: number;
  average_price: number | null;
  price: number | null;
  price_time: string | null;
  open_profit: number | null;
  realized: number;
  fees: number;
  opened: string | null;
  updated: string;
}

export interface Latency {
  decided: number | null;
  sent: number | null;
  filled: number | null;
}

export interface Signal {
  id: string;
  deployment: string;
  account: string;
  action: string;
  word: string;
  symbol: string;
  source: string;
  by: string;
  received: string;
  outcome: string;
  code: string;
  reason: string;
  orders: string[];
  latency: Latency;
}

export interface Message {
  id: number;
  deployment: string;
  source: string;
  status: string;
  received: string;
  signal_id: string;
  note: string;
  by: string;
  remote: string;
  content_type: string;
  body: string;
}

export interface SignalDetail {
  signal: Signal;
  fields: Record<string, unknown>;
  steps: { step: string; result: string; facts: string }[];
  message: Message | null;
  orders: Order[];
  fills: Fill[];
}

export interface Order {
  client_id: string;
  venue_id: string;
  signal_id: string;
  deployment: string;
  account: string;
  symbol: string;
  status: string;
  side: string;
  type: string;
  role: string;
  quantity: number;
  filled: number;
  average_price: number | null;
  limit_price: number | null;
  stop_price: number | null;
  trail_offset: number | null;
  time_in_force: string;
  reduce_only: boolean;
  parent: string;
  cancel_requested: boolean;
  fees: number;
  reference_price: number | null;
  slippage: number | null;
  code: string;
  reason: string;
  created: string;
  submitted: string | null;
  acknowledged: string | null;
  first_filled: string | null;
  updated: string;
}

export interface Fill {
  trade_id: string;
  client_id: string;
  signal_id: string;
  deployment: string;
  account: string;
  symbol: string;
  side: string;
  quantity: number;
  price: number;
  time: string;
  fee: number;
  fee_currency: string;
  price_source: string;
  slippage: number | null;
}

export interface OrderDetail {
  order: Order;
  history: { at: string; event: string; before: string; after: string; reason: string; data: Record<string, unknown> }[];
  fills: Fill[];
  reports: { id: number; at: string; kind: string; data: Record<string, unknown> }[];
}

export interface Trade {
  id: string;
  deployment: string;
  account: string;
  symbol: string;
  side: "long" | "short";
  quantity: number;
  entry_price: number;
  exit_price: number;
  entry_time: string;
  exit_time: string;
  profit: number;
  fees: number;
  won: boolean;
  entry_signal: string;
  exit_signal: string;
  exit_role: string;
  best: number | null;
  worst: number | null;
}

export interface EquityPoint {
  account: string;
  time: string;
  equity: number;
  balance: number;
}

export interface PineryEvent {
  id: number;
  kind: string;
  severity: Severity;
  title: string;
  at: string;
  text: string;
  deployment: string;
  account: string;
  signal_id: string;
  data: Record<string, unknown>;
}

export interface Command {
  id: number;
  kind: string;
  account: string;
  deployment: string;
  by: string;
  at: string;
  note: string;
  finished: string | null;
  result: string;
}

export interface Status {
  time: string;
  state: TradingState;
  states: Scope[];
  components: Component[];
  accounts: Account[];
  deployments: DeploymentState[];
  positions: Position[];
  signals: Signal[];
  inbox: { waiting: number; lag_ms: number; unparsed: number };
  commands: Command[];
  problems: string[];
}

export interface Deployment {
  name: string;
  account: string;
  symbol: string;
  timeframe: string;
  stage: string;
  paused: boolean;
  settings: Record<string, unknown>;
  risk: Record<string, unknown> | null;
}

export interface Figures {
  deployment: string;
  trades: number;
  wins: number;
  losses: number;
  profit: number;
  fees: number;
  gross_profit: number;
  gross_loss: number;
  largest_win: number;
  largest_loss: number;
  max_drawdown: number;
  hold_ms: number;
  win_rate: number | null;
  win_loss_ratio: number | null;
  profit_factor: number | null;
  expectancy: number | null;
  average_win: number | null;
  average_loss: number | null;
}

export interface CurrencyPerformance {
  currency: string;
  total: Figures;
  deployments: Figures[];
  /** Trade by trade. */
  curve: { time: string; profit: number; drawdown: number }[];
  by_day: { day: string; profit: number; trades: number }[];
  by_hour: { hour: number; profit: number; trades: number }[];
  by_weekday: { weekday: number; profit: number; trades: number }[];
}

export interface Performance {
  /** Most trades first. */
  currencies: CurrencyPerformance[];
  zone: string;
}

export interface ChartState {
  deployment: string;
  state: "starting" | "live" | "silent" | "failed" | "stopped";
  updated: string | number;
  script: string;
  symbol: string;
  timeframe: string;
  feed: string;
  error: string;
  bars: number;
  last_bar: string | number | null;
  market_now: string | number | null;
  price: number | null;
  price_at: string | number | null;
  missing: number;
  late: number;
  missed: number;
  stage: string;
  account: string;
}

export interface Instrument {
  symbol: string;
  tick: number;
  point_value: number;
  currency: string;
}
