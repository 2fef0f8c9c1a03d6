import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import type { Component } from "svelte";
import { expect, test, vi } from "vitest";
import { ApiError } from "../../src/api/problem.ts";
import Table from "../../src/parts/Table.svelte";
import type { Column } from "../../src/parts/table.ts";
import { accessible } from "./axe.ts";

interface Row {
  name: string;
  profit: number | null;
  note: string;
}

const ROWS: Row[] = [
  { name: "es", profit: 5, note: "a" },
  { name: "nq", profit: null, note: "b" },
  { name: "eth", profit: -3, note: "c" },
];
const COLUMNS: Column<Row>[] = [
  { key: "name", title: "Name", value: (row) => row.name },
  { key: "profit", title: "Profit", value: (row) => row.profit, number: true },
  { key: "note", title: "Note", value: (row) => row.note, hidden: true },
];

function show(more: object = {}) {
  // The component is generic; the test's rows are one kind.
  return render(Table as unknown as Component<Record<string, unknown>>, {
    name: "test",
    label: "Things",
    columns: COLUMNS,
    rows: ROWS,
    key: (row: Row) => row.name,
    ...more,
  });
}

const names = (): string[] =>
  screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("cell")[0]!.textContent ?? "");

test("sorts numbers from the largest, unknown ones last, and a third press brings the order back", async () => {
  show();
  const user = userEvent.setup();
  const press = (): Promise<void> => user.click(screen.getByRole("button", { name: /Profit/ }));
  await press();
  expect(names()).toEqual(["es", "eth", "nq"]);
  expect(screen.getByRole("columnheader", { name: /Profit/ }).getAttribute("aria-sort")).toBe("descending");
  await press();
  expect(names()).toEqual(["eth", "es", "nq"]);
  await press();
  expect(names()).toEqual(["es", "nq", "eth"]);
});

test("keys move between rows and open one", async () => {
  const onopen = vi.fn();
  show({ onopen });
  const user = userEvent.setup();
  const rows = screen.getAllByRole("row").slice(1);
  rows[0]!.focus();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{Enter}");
  expect(document.activeElement).toBe(rows[2]);
  expect(onopen).toHaveBeenCalledWith(ROWS[2]);
  await user.keyboard("{Home}");
  expect(document.activeElement).toBe(rows[0]);
  expect(rows.map((row) => row.tabIndex)).toEqual([0, -1, -1]);
});

test("columns are chosen, and stay so", async () => {
  const { unmount } = show();
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(screen.getByRole("checkbox", { name: "Note" }));
  expect(screen.getByRole("columnheader", { name: "Note" })).toBeTruthy();
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("checkbox")).toBeNull();
  unmount();
  show();
  expect(screen.getByRole("columnheader", { name: "Note" })).toBeTruthy();
});

test("has a face for loading, for nothing and for an error", async () => {
  const onretry = vi.fn();
  const { rerender } = show({ rows: [], loading: true });
  expect(screen.getByRole("status").textContent).toContain("Loading");
  await rerender({ loading: false });
  expect(screen.getByText("Nothing here yet")).toBeTruthy();
  await rerender({ error: new ApiError(503, "store", "no store", "look at the disk"), onretry });
  expect(screen.getByRole("alert").textContent).toContain("no store");
  expect(screen.getByText("look at the disk")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(onretry).toHaveBeenCalledOnce();
});

test("loads more, exports, and reads well aloud", async () => {
  const onmore = vi.fn();
  const { container } = show({ more: true, onmore, csv: "api/v1/export/trades.csv", onopen: () => undefined });
  await userEvent.click(screen.getByRole("button", { name: "Load more" }));
  expect(onmore).toHaveBeenCalledOnce();
  expect(screen.getByRole("link", { name: /CSV/ }).getAttribute("href")).toBe("api/v1/export/trades.csv");
  await accessible(container);
});
