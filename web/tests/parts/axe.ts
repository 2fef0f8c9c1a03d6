import axe from "axe-core";
import { expect } from "vitest";

/** Colours and layout are looked at in a real browser. */
export async function accessible(node: Element = document.body): Promise<void> {
  const found = await axe.run(node, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((bad) => bad.html).join(" ")}`)).toEqual([]);
}
