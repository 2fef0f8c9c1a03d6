import { expect, test } from "vitest";
import { thinned, ticks, timeTicks } from "../../src/plots/scale.ts";

test("marks are round and inside", () => {
  expect(ticks(-3, 17, 4)).toEqual([0, 5, 10, 15]);
  expect(ticks(0.1, 0.42, 4)).toEqual([0.1, 0.2, 0.3, 0.4]);
  expect(ticks(5, 5)).toEqual([5]);
  expect(ticks(-4_020, 0, 2)).toEqual([-4_000, -2_000, 0]);
  expect(ticks(-1_500, 3_500, 4)).toEqual([-1_000, 0, 1_000, 2_000, 3_000]);
});

test("times are round, and dates beyond two days", () => {
  const start = Date.UTC(2026, 0, 5, 9, 7);
  expect(timeTicks(start, start + 3_600_000, 3, "UTC").map((tick) => tick.label)).toEqual(["09:30", "10:00"]);
  expect(timeTicks(start, start + 4 * 86_400_000, 4, "UTC")[0]!.label).toBe("01-06");
});

test("what is thinned out keeps highs, lows and the last", () => {
  const points = Array.from({ length: 10_000 }, (_, at) => ({ at, value: at === 5_000 ? 99 : at === 7_001 ? -99 : at % 7 }));
  const left = thinned(points, 300);
  expect(left.length).toBeLessThan(700);
  expect([Math.max(...left.map((p) => p.value)), Math.min(...left.map((p) => p.value))]).toEqual([99, -99]);
  expect(left.at(-1)).toBe(points.at(-1));
  expect(left.every((point, index) => index === 0 || left[index - 1]!.at < point.at)).toBe(true);
});
