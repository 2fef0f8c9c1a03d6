import { afterEach, expect, test, vi } from "vitest";
import { Pages } from "../../src/stores/pages.svelte.ts";
import { json, serve } from "../answers.ts";

afterEach(() => void vi.useRealTimers());

interface Row {
  id: number;
  state: string;
}

const rows = (from: number, to: number, state = "old"): Row[] =>
  Array.from({ length: from - to + 1 }, (_, index) => ({ id: from - index, state }));
const ids = (pages: Pages<Row>): number[] => pages.items.map((row) => row.id);

test("more comes below, news on top, and a changed row in its place", async () => {
  const answers = [
    { items: rows(10, 8), next: "8" },
    { items: rows(7, 6), next: null },
    { items: [...rows(11, 11), ...rows(10, 9, "new")], next: "9" },
  ];
  const asked = serve({ "GET orders": () => json(answers.shift()) });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({ deployment: "demo" });
  await pages.more();
  expect(ids(pages)).toEqual([10, 9, 8, 7, 6]);
  expect(asked[1]!.query.get("cursor")).toBe("8");
  expect(asked[1]!.query.get("deployment")).toBe("demo");
  await pages.refresh();
  expect(ids(pages)).toEqual([11, 10, 9, 8, 7, 6]);
  expect(pages.items[1]!.state).toBe("new");
  expect(pages.arrived.map((row) => row.id)).toEqual([11]);
  expect(pages.next).toBeNull();
});

test("a row that no longer fits the filters goes", async () => {
  const answers = [
    { items: rows(5, 3), next: "3" },
    { items: rows(2, 1), next: null },
    { items: rows(5, 3).filter((row) => row.id !== 4), next: "3" },
    { items: rows(5, 5), next: null },
  ];
  serve({ "GET orders": () => json(answers.shift()) });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({ unfinished: true });
  await pages.more();
  await pages.refresh();
  expect(ids(pages)).toEqual([5, 3, 2, 1]);
  await pages.refresh();
  expect(ids(pages)).toEqual([5]);
});

test("when a whole page is new, what was loaded gives way: a gap may lie between", async () => {
  const answers = [
    { items: rows(3, 1), next: null },
    { items: rows(9, 7), next: "7" },
  ];
  serve({ "GET orders": () => json(answers.shift()) });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({});
  await pages.refresh();
  expect(ids(pages)).toEqual([9, 8, 7]);
  expect(pages.next).toBe("7");
});

test("an error leaves what is shown", async () => {
  const answers = [json({ items: rows(3, 1), next: null }), json({ code: "store_unavailable", message: "no store" }, 503)];
  serve({ "GET orders": () => answers.shift()! });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({});
  await pages.refresh();
  expect(ids(pages)).toEqual([3, 2, 1]);
  expect(pages.error?.message).toBe("no store");
  expect(pages.loading).toBe(false);
});

test("an endless flow of events does not delay news for ever", async () => {
  vi.useFakeTimers();
  const asked = serve({ "GET orders": () => json({ items: rows(3, 1), next: null }) });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({});
  for (let at = 0; at < 5_000; at += 100) {
    pages.soon();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked.length).toBeGreaterThan(4);
  pages.stop();
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(before);
});

test("more that is under way is not given up for news", async () => {
  vi.useFakeTimers();
  const later = (answer: Response, ms: number): Promise<Response> => new Promise((give) => setTimeout(() => give(answer), ms));
  const asked = serve({
    "GET orders": ({ query }) =>
      query.get("cursor") ? later(json({ items: rows(7, 6), next: null }), 2_000) : json({ items: rows(10, 8), next: "8" }),
  });
  const pages = new Pages<Row>("orders", (row) => row.id);
  await pages.load({});
  pages.soon();
  void pages.more();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(ids(pages)).toEqual([10, 9, 8, 7, 6]);
  expect(asked).toHaveLength(3);
  pages.stop();
});
