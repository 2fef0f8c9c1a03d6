import { expect, test, vi } from "vitest";
import { hotkeys } from "../../src/shell/keys.ts";

function made() {
  const keys = { halt: vi.fn(), flatten: vi.fn(), help: vi.fn(), go: vi.fn((letter: string) => letter === "s") };
  return { keys, hear: hotkeys(keys) };
}

function press(hear: (event: KeyboardEvent) => void, key: string, more: KeyboardEventInit = {}, target?: Element): void {
  const event = new KeyboardEvent("keydown", { key, cancelable: true, ...more });
  if (target) Object.defineProperty(event, "target", { value: target });
  vi.spyOn(document, "querySelector").mockReturnValue(null);
  hear(event);
}

test("Shift+H halts and Shift+F flattens, a small letter does not", () => {
  const { keys, hear } = made();
  press(hear, "h");
  press(hear, "H", { shiftKey: true, ctrlKey: true });
  expect(keys.halt).not.toHaveBeenCalled();
  press(hear, "H", { shiftKey: true });
  press(hear, "F", { shiftKey: true });
  expect([keys.halt.mock.calls.length, keys.flatten.mock.calls.length]).toEqual([1, 1]);
});

test("a key that is typed is text", () => {
  const { keys, hear } = made();
  press(hear, "H", { shiftKey: true }, document.createElement("input"));
  press(hear, "H", { shiftKey: true, repeat: true });
  expect(keys.halt).not.toHaveBeenCalled();
});

test("g and a letter go to a page", () => {
  const { keys, hear } = made();
  press(hear, "s"); // also in the first second of the page
  press(hear, "g");
  press(hear, "s");
  expect(keys.go.mock.calls).toEqual([["s"]]);
});
