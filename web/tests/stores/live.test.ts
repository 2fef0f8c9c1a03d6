import { afterEach, expect, test, vi } from "vitest";
import { Live } from "../../src/stores/live.svelte.ts";
import { serve } from "../answers.ts";

afterEach(() => void vi.useRealTimers());

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await vi.advanceTimersByTimeAsync(0);
}

test("listeners hear of their kinds; a loss says since when, and each beginning is told", async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const controls: ReadableStreamDefaultController<Uint8Array>[] = [];
  serve({
    "GET events/stream": () =>
      new Response(new ReadableStream<Uint8Array>({ start: (control) => void controls.push(control) })),
  });
  const live = new Live();
  const orders: number[] = [];
  const all: number[] = [];
  const begun = vi.fn();
  live.on(["order."], (event) => orders.push(event.id));
  const stop = live.on([], (event) => all.push(event.id));
  live.onBegin(begun);
  live.open();
  expect(begun).not.toHaveBeenCalled();
  await settle();
  expect(begun).toHaveBeenCalledOnce(); // what was asked before may have missed something
  const say = (id: number, kind: string): void =>
    controls.at(-1)!.enqueue(new TextEncoder().encode(`id: ${id}\nevent: ${kind}\ndata: {"id":${id},"kind":"${kind}"}\n\n`));
  say(1, "signal.received");
  say(2, "order.filled");
  await settle();
  expect([orders, all]).toEqual([[2], [1, 2]]);
  expect(live.recent.map((event) => event.id)).toEqual([2, 1]);
  expect([live.state, live.staleSince]).toEqual(["live", null]);

  controls.at(-1)!.close();
  await settle();
  expect([live.state, live.staleSince]).toEqual(["lost", 1_000_000]);
  await vi.advanceTimersByTimeAsync(2_000);
  await settle();
  expect([live.state, live.staleSince]).toEqual(["live", null]);
  expect(begun).toHaveBeenCalledTimes(2);

  stop();
  say(3, "order.filled");
  await settle();
  expect([orders, all]).toEqual([
    [2, 3],
    [1, 2],
  ]);
  live.close();
});
