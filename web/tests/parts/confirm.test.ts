import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { createRawSnippet } from "svelte";
import { beforeEach, expect, test, vi } from "vitest";
import Confirm from "../../src/parts/Confirm.svelte";
import { toasts } from "../../src/stores/toasts.svelte.ts";

const children = createRawSnippet(() => ({ render: () => "<p>Are you sure?</p>" }));
const asked = { title: "Close this position?", button: "Close position", children };

beforeEach(() => toasts.list.forEach((toast) => toasts.close(toast.id)));

/** An act that ends when it is told to. */
function act(): { act: () => Promise<void>; done: () => void; fail: () => void } {
  let done!: () => void;
  let fail!: () => void;
  const ended = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = () => reject(new Error("it has ended already"));
  });
  return { act: vi.fn(() => ended), done, fail };
}

test("however often it is pressed, it is done once", async () => {
  const once = act();
  render(Confirm, { open: true, act: once.act, ...asked });
  const button = screen.getByRole("button", { name: "Close position" });
  await userEvent.dblClick(button);
  const form = document.querySelector("form")!;
  form.requestSubmit();
  form.requestSubmit();
  expect(once.act).toHaveBeenCalledOnce();
  once.done();
});

test("who has left meanwhile hears that it failed, and the next question is not answered by it", async () => {
  const first = act();
  const { rerender } = render(Confirm, { open: true, act: first.act, ...asked });
  await userEvent.click(screen.getByRole("button", { name: "Close position" }));
  await userEvent.click(screen.getByRole("button", { name: "Leave as it is" }));
  await rerender({ open: true, act: act().act, ...asked });
  first.fail();
  await vi.waitFor(() => expect(toasts.list.map((toast) => toast.text)).toEqual(["Close position: it has ended already"]));
  expect(screen.getByText("Are you sure?")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});
