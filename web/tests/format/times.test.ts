import { expect, test } from "vitest";
import { ago, date, duration, exact, left, milliseconds, when } from "../../src/format/times.ts";

const AT = Date.UTC(2026, 0, 5, 23, 30, 5, 250);

test("a time is shown in the chosen zone", () => {
  expect(date(AT, "UTC")).toBe("2026-01-05");
  expect(date(AT, "Asia/Tokyo")).toBe("2026-01-06");
  expect(exact("2026-01-05T23:30:05.250Z", "UTC")).toBe("2026-01-05 23:30:05.250 UTC");
});

test("today needs no date", () => {
  expect(when(AT, "UTC", AT + 60_000)).toBe("23:30:05");
  expect(when(AT, "UTC", AT + 3_600_000)).toBe("2026-01-05 23:30:05");
});

test("what is left of a bar is counted down to its last second", () => {
  expect(left(1)).toBe("00:01");
  expect(left(299_000)).toBe("04:59");
  expect(left(299_001)).toBe("05:00");
  expect(left(3_600_000 + 4 * 60_000 + 59_000)).toBe("1:04:59");
  expect(left(93_784_000)).toBe("1 d 2 h");
});

test("durations have their two largest units", () => {
  expect(duration(93_784_000)).toBe("1 d 2 h");
  expect(duration(3_600_000)).toBe("1 h");
  expect(duration(65_400)).toBe("1 min 5 s");
  expect(duration(12)).toBe("12 ms");
  expect(duration(null)).toBe("—");
});

test("latencies are in ms while they are short", () => {
  expect([0.42, 9.96, 1250, 61_000].map(milliseconds)).toEqual(["0.4 ms", "10 ms", "1,250 ms", "1 min 1 s"]);
});

test("ages", () => {
  expect(ago(AT, AT + 500)).toBe("now");
  expect(ago(AT, AT + 12_000)).toBe("12 s ago");
  expect(ago(null, AT)).toBe("—");
});
