import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { createRawSnippet } from "svelte";
import { expect, test, vi } from "vitest";
import Dialog from "../../src/parts/Dialog.svelte";
import { accessible } from "./axe.ts";

const children = createRawSnippet(() => ({ render: () => "<p>Are you sure?</p>" }));

test("is named by its title, closes by its button, and tells of it", async () => {
  const onclose = vi.fn();
  const { container } = render(Dialog, { open: true, title: "Close it", children, onclose });
  expect(screen.getByRole("dialog", { name: "Close it" })).toBeTruthy();
  await accessible(container);
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(onclose).toHaveBeenCalledOnce();
  expect(screen.queryByText("Are you sure?")).toBeNull();
});

test("a panel at the side goes with Esc and gives the focus back", async () => {
  const button = document.body.appendChild(document.createElement("button"));
  button.focus();
  const onclose = vi.fn();
  // jsdom knows no :modal
  vi.spyOn(document, "querySelector").mockReturnValue(null);
  const { rerender } = render(Dialog, { open: false, side: true, title: "Detail", children, onclose });
  await rerender({ open: true });
  screen.getByRole("button", { name: "Close" }).focus();
  await userEvent.keyboard("{Escape}");
  expect(onclose).toHaveBeenCalledOnce();
  expect(document.activeElement).toBe(button);
  button.remove();
});
