import { render } from "@testing-library/svelte";
import { expect, test } from "vitest";
import Calendar from "../../src/plots/Calendar.svelte";

const day = (name: string) => ({ day: name, profit: 5, trades: 1 });

function show(...days: string[]): { months: string[]; columns: number; traded: number[] } {
  const { container } = render(Calendar, { days: days.map(day), label: "Profit by day", format: String });
  const words = [...container.querySelectorAll("svg text")].map((text) => text.textContent ?? "");
  const left = (rect: Element): number => Number(rect.getAttribute("x"));
  const columns = [...new Set([...container.querySelectorAll("rect")].map(left))].sort((a, b) => a - b);
  const traded = [...container.querySelectorAll("rect.up")].map((rect) => columns.indexOf(left(rect)));
  return { months: words.filter((word) => !["Mon", "Wed", "Fri", "Sun"].includes(word)), columns: columns.length, traded };
}

test("the first days of trading end the calendar: no week is still to come", () => {
  const found = show("2026-11-24", "2026-11-25");
  expect(found.columns).toBe(12);
  expect(found.traded).toEqual([11, 11]);
  expect(found.months).toEqual(["Sep 2026", "Oct", "Nov"]);
});

test("from the first week to the newest one", () => {
  const found = show("2025-12-31", "2026-06-07");
  expect(found.columns).toBe(23);
  expect(found.traded).toEqual([0, 22]);
});
