/** Times in a chosen zone, and durations. `zone` is an IANA name. */
import { NONE } from "./numbers.ts";

type Time = string | number | null | undefined;

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(ms: number, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map((part) => [part.type, part.value]));
}

export function toMs(time: Time): number | null {
  if (time === null || time === undefined || time === "") return null;
  const ms = typeof time === "number" ? time : Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}

/** 2026-01-05 */
export function date(time: Time, zone: string): string {
  const ms = toMs(time);
  if (ms === null) return NONE;
  const { year, month, day } = parts(ms, zone);
  return `${year}-${month}-${day}`;
}

/** 14:30:05 */
export function clock(time: Time, zone: string): string {
  const ms = toMs(time);
  if (ms === null) return NONE;
  const { hour, minute, second } = parts(ms, zone);
  return `${hour}:${minute}:${second}`;
}

/** The clock alone today, else with the date before it. */
export function when(time: Time, zone: string, now = Date.now()): string {
  const ms = toMs(time);
  if (ms === null) return NONE;
  const day = date(ms, zone);
  return day === date(now, zone) ? clock(ms, zone) : `${day} ${clock(ms, zone)}`;
}

/** Everything, for titles: 2026-01-05 14:30:05.250 CET */
export function exact(time: Time, zone: string): string {
  const ms = toMs(time);
  if (ms === null) return NONE;
  const rest = String(((ms % 1000) + 1000) % 1000).padStart(3, "0");
  return `${date(ms, zone)} ${clock(ms, zone)}.${rest} ${zoneName(zone, ms)}`;
}

/** CET, GMT+1, UTC … as it is called at that time. */
export function zoneName(zone: string, ms = Date.now()): string {
  return parts(ms, zone)["timeZoneName"] ?? zone;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** The two largest units: 2 d 3 h, 5 min 12 s; below a second in ms. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 1_000) return milliseconds(ms);
  let rest = Math.round(ms / 1_000) * 1_000;
  const shown: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) shown.push(`${count} ${unit}`);
    else if (shown.length) break;
    if (shown.length === 2) break;
  }
  return shown.join(" ");
}

/** What is left of a bar, as charts show it: 04:59, 3:04:59, from a day on 2 d 3 h. */
export function left(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds >= 86_400) return duration(seconds * 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** 0.4 ms, 12 ms, 1,250 ms; from 10 s on as a duration. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms >= 10_000) return duration(ms);
  return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms).toLocaleString("en-US")} ms`;
}

/** 12 s ago */
export function ago(time: Time, now: number): string {
  const ms = toMs(time);
  if (ms === null) return NONE;
  const age = now - ms;
  return age < 1_000 ? "now" : `${duration(age)} ago`;
}
