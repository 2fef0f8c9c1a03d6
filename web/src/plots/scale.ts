/** Axes: round numbers and round times. */
import { clock, date } from "../format/times.ts";

/** Round values inside a range, `count` of them or so: rather more than fewer, for one alone is no axis. */
export function ticks(low: number, high: number, count = 4): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [10, 5, 2, 1].map((factor) => factor * power).find((size) => size <= 1.5 * rough) ?? rough;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(value);
  return found.map((value) => Number(value.toPrecision(12)));
}

const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10_080, 20_160, 43_200, 129_600].map(
  (minutes) => minutes * 60_000,
);

/** Times for an axis with their labels: the clock within two days, else the date. */
export function timeTicks(from: number, to: number, count: number, zone: string): { at: number; label: string }[] {
  const span = to - from;
  const step = STEPS_MS.find((size) => size >= span / count) ?? STEPS_MS.at(-1)!;
  const found: { at: number; label: string }[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    found.push({ at, label: span <= 172_800_000 ? clock(at, zone).slice(0, 5) : date(at, zone).slice(5) });
  }
  return found;
}

export interface Point {
  at: number; // Unix ms
  value: number;
}

/** As many points as can be seen: of each column of pixels the lowest and the highest. */
export function thinned(points: readonly Point[], width: number): readonly Point[] {
  const size = Math.ceil((2 * points.length) / Math.max(1, width * 2));
  if (size <= 2) return points;
  const found: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const low = part.reduce((a, b) => (b.value < a.value ? b : a));
    const high = part.reduce((a, b) => (b.value > a.value ? b : a));
    found.push(...(low.at < high.at ? [low, high] : low === high ? [low] : [high, low]));
  }
  const last = points.at(-1)!;
  if (found.at(-1) !== last) found.push(last);
  return found;
}
