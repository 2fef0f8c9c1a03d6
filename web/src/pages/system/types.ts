/** Answers about the system itself. */
import type { Component, Role, Severity } from "../../api/types.ts";

export interface Latency {
  bounds: number[];
  counts: number[];
  count: number;
  mean: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
}

export interface Uptime {
  component: string;
  month: string;
  up_ms: number;
  known_ms: number;
  ratio: number | null;
  target: number | null;
  met: boolean | null;
  last: string;
}

export interface System {
  version: string;
  python: string;
  started: string;
  time: string;
  store: { url: string; kind: string; bytes: number };
  components: Component[];
  uptimes: Uptime[];
  latency: Record<string, Latency>;
  disk: { total: number; free: number } | null;
}

export interface Feed {
  name: string;
  kind: string;
  speed: number;
  symbols: string[];
  market_now: string | null;
}

export interface Notification {
  id: number;
  channel: string;
  kind: string;
  title: string;
  severity: Severity;
  text: string;
  deployment: string;
  status: "due" | "sent" | "failed";
  attempts: number;
  error: string;
  at: string;
  sent: string | null;
}

export interface Audit {
  id: number;
  at: string;
  by: string;
  action: string;
  scope: string;
  note: string;
  data: Record<string, unknown>;
}

export interface Backup {
  name: string;
  bytes: number;
  at: string;
  verified: boolean;
}

export interface User {
  name: string;
  role: Role;
  created: string;
  disabled: boolean;
  locked_until: string | null;
}

export interface Token {
  name: string;
  role: Role;
  created: string;
  expires: string | null;
  used: string | null;
  by: string;
}

/** 1,234,567 bytes are "1.2 MB". */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (count >= 1000 && step < units.length - 1) {
    count /= 1000;
    step += 1;
  }
  return `${count >= 100 || step === 0 ? Math.round(count) : count.toFixed(1)} ${units[step]}`;
}

const NAMES: Record<string, string> = {
  decided: "Receipt to decision",
  sent: "Receipt to order sent",
  filled: "Receipt to fill",
};

/** What a histogram measures, in words. */
export function latencyTitle(name: string): string {
  const order = /^order_fill:(.+)$/.exec(name);
  const text = NAMES[name] ?? (order ? `Order to fill, ${order[1]}` : name.replaceAll("_", " ").replace(":", ", "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
