import { afterEach, expect, test, vi } from "vitest";
import { Resource } from "../../src/stores/resource.svelte.ts";

afterEach(() => void vi.useRealTimers());

test("a burst of events is one question, an endless flow of them a question every second", async () => {
  vi.useFakeTimers();
  let asked = 0;
  const resource = new Resource(async () => ++asked);
  const stop = resource.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(resource.data).toBe(1);
  for (let turn = 0; turn < 5; turn++) resource.soon();
  await vi.advanceTimersByTimeAsync(300);
  expect(resource.data).toBe(2);
  for (let at = 0; at < 10_000; at += 100) {
    resource.soon();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(resource.data).toBeGreaterThan(8);
  expect(resource.data).toBeLessThan(15);
  stop();
});
