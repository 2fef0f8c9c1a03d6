/** A double click, a key that is held, an impatient second Enter: what costs something happens once. */
import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Backtest from "../../src/pages/scripts/Backtest.svelte";
import Flatten from "../../src/shell/Flatten.svelte";
import Halt from "../../src/shell/Halt.svelte";
import { session } from "../../src/stores/session.svelte.ts";
import { toasts } from "../../src/stores/toasts.svelte.ts";
import { json, serve, type Asked } from "../answers.ts";

const never = (): Promise<Response> => new Promise(() => undefined);
const posts = (asked: Asked[]): string[] => asked.filter((one) => one.method === "POST").map((one) => one.path);

beforeEach(() => {
  session.me = { name: "tom", role: "admin", csrf: "x" } as typeof session.me;
  toasts.list.forEach((toast) => toasts.close(toast.id));
});
afterEach(() => void (session.me = null));

function twice(form: HTMLFormElement): void {
  form.requestSubmit();
  form.requestSubmit();
}

test("a backtest, and by key before the markets are known", async () => {
  const markets = [{ source: "synthetic", symbol: "", timeframe: "60", bars: 0 }];
  const asked = serve({ "GET markets": () => json(markets), "POST backtests": never });
  const { component } = render(Backtest, {
    text: "strategy(1)",
    name: "a.pine",
    kind: "strategy",
    inputs: {},
    subject: "a",
    problem: "",
    onstage: () => undefined,
  });
  void component.run();
  void component.run();
  await vi.waitFor(() => expect(posts(asked)).toEqual(["backtests"]));
  await component.run();
  expect(posts(asked)).toEqual(["backtests"]);
});

test("a halt; its failure is told also to who has left the dialog", async () => {
  let fail!: (error: Error) => void;
  const asked = serve({ "POST halt": () => new Promise((_, reject) => (fail = reject)) });
  render(Halt, { open: true });
  twice(document.querySelector<HTMLFormElement>("#halt-form")!);
  await vi.waitFor(() => expect(posts(asked)).toEqual(["halt"]));
  await userEvent.click(screen.getByRole("button", { name: "Leave as it is" }));
  fail(new TypeError("Failed to fetch"));
  await vi.waitFor(() => expect(toasts.list.map((toast) => toast.text.split(":")[0])).toEqual(["Halt"]));
});

test("a flatten", async () => {
  const asked = serve({ "POST flatten": never });
  render(Flatten, { open: true });
  await userEvent.click(screen.getByRole("checkbox", { name: /at the market now/ }));
  twice(document.querySelector<HTMLFormElement>("#flatten-form")!);
  await vi.waitFor(() => expect(posts(asked)).toEqual(["flatten"]));
});
