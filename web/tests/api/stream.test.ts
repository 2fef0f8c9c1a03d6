import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventParser, openStream, type StreamEvent, type StreamState } from "../../src/api/stream.ts";
import { json, serve } from "../answers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function streaming(...texts: string[]): { response: Response; say: (text: string) => void; end: () => void } {
  let control!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (control = given) });
  const say = (text: string): void => control.enqueue(new TextEncoder().encode(text));
  texts.forEach(say);
  return { response: new Response(body), say, end: () => control.close() };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await vi.advanceTimersByTimeAsync(0);
}

function listen(path = "events/stream"): { events: StreamEvent[]; states: StreamState[]; close: () => void } {
  const events: StreamEvent[] = [];
  const states: StreamState[] = [];
  const close = openStream(path, {
    onevent: (event) => events.push(event),
    onstate: (state) => states.push(state),
  });
  return { events, states, close };
}

test("events come in any pieces; comments are none", () => {
  const parser = new EventParser();
  const text = ": hello\n\nid: 7\nevent: order.filled\ndata: {\"a\":\ndata: 1}\n\ndata: x\r\n\r\n";
  const found = [...text].flatMap((letter) => [...parser.feed(letter)]);
  expect(found).toEqual([
    { id: "7", event: "order.filled", data: '{"a":\n1}' },
    { id: "7", event: "message", data: "x" },
  ]);
});

test("a stream that ends is opened again where it stopped", async () => {
  const first = streaming("id: 7\nevent: test\ndata: one\n\n");
  const second = streaming("id: 8\nevent: test\ndata: two\n\n");
  const answers = [first, second];
  const asked = serve({ "GET events/stream": () => answers.shift()!.response });
  const heard = listen();
  await settle();
  first.end();
  await settle();
  expect(heard.states.at(-1)).toBe("lost");
  await vi.advanceTimersByTimeAsync(2_000);
  await settle();
  expect(heard.events.map((event) => event.data)).toEqual(["one", "two"]);
  expect(asked[1]!.headers.get("last-event-id")).toBe("7");
  expect(heard.states).toEqual(["connecting", "live", "lost", "connecting", "live"]);
  heard.close();
  expect(heard.states.at(-1)).toBe("closed");
});

test("silence counts as a loss", async () => {
  serve({
    "GET events/stream": () => {
      const { response } = streaming();
      return response;
    },
  });
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    const body = new ReadableStream({
      start(control) {
        init.signal!.addEventListener("abort", () => control.error(new DOMException("aborted", "AbortError")));
      },
    });
    return Promise.resolve(new Response(body));
  });
  const heard = listen();
  await settle();
  expect(heard.states.at(-1)).toBe("live");
  await vi.advanceTimersByTimeAsync(41_000);
  await settle();
  expect(heard.states).toContain("lost");
  heard.close();
});

test("who is not known is not asked again and again", async () => {
  const asked = serve({ "GET events/stream": () => json({ code: "unauthenticated", message: "log in first" }, 401) });
  const heard = listen();
  await settle();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  expect(heard.states).toEqual(["connecting", "lost", "closed"]);
});

test("a network that comes back in the moment in which a stream ends opens one stream, not two", async () => {
  const first = streaming();
  const asked = serve({ "GET events/stream": () => (asked.length > 1 ? streaming() : first).response });
  const heard = listen();
  await settle();
  first.end();
  await Promise.resolve(); // the end is on its way to the reader
  window.dispatchEvent(new Event("online"));
  await settle();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toHaveLength(2);
  expect(heard.states).toEqual(["connecting", "live", "connecting", "live"]);
  heard.close();
});

test("an answer that comes in the moment in which the network comes back leaves the watch over the new stream", async () => {
  const answers: ((response: Response) => void)[] = [];
  const asked = serve({ "GET events/stream": () => new Promise((answer) => answers.push(answer)) });
  const heard = listen();
  await settle();
  answers[0]!(streaming().response);
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(asked).toHaveLength(2);
  expect(heard.states).toEqual(["connecting", "connecting"]);
  heard.close();
  answers[1]!(streaming().response);
  await settle();
  expect(heard.states.at(-1)).toBe("closed");
});
