/** Timeframes as TradingView writes them, and in words. */

const TIMEFRAMES = ["1", "5", "15", "60", "240", "1D"];

const UNITS: Record<string, [short: string, long: string]> = {
  S: ["s", "seconds"],
  D: ["D", "days"],
  W: ["W", "weeks"],
  M: ["M", "months"],
};

function parts(timeframe: string): [count: number, unit: string] {
  const found = /^(\d*)([SDWM]?)$/.exec(timeframe);
  return found ? [Number(found[1] || 1), found[2] ?? ""] : [0, timeframe];
}

/** 5m, 4h, 1D */
export function shortTimeframe(timeframe: string): string {
  const [count, unit] = parts(timeframe);
  if (unit === "") return count >= 60 && count % 60 === 0 ? `${count / 60}h` : `${count}m`;
  return `${count}${UNITS[unit]?.[0] ?? unit}`;
}

/** 5 minutes, 4 hours, 1 day */
export function longTimeframe(timeframe: string): string {
  const [count, unit] = parts(timeframe);
  const hours = unit === "" && count >= 60 && count % 60 === 0;
  const [size, word] = hours ? [count / 60, "hours"] : [count, unit === "" ? "minutes" : (UNITS[unit]?.[1] ?? unit)];
  return `${size} ${size === 1 ? word.replace(/s$/, "") : word}`;
}

/** Those to choose from, with the one that is shown. */
export function choices(shown: string): string[] {
  return TIMEFRAMES.includes(shown) ? TIMEFRAMES : [...TIMEFRAMES, shown];
}
