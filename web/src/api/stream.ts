/**
 * Server-sent events over fetch. EventSource hears only the names it was told before, hides heartbeats and the status of
 * a refusal; this hears every event, notices silence, and comes back by itself.
 */
import { send } from "./client.ts";
import { ApiError } from "./problem.ts";

export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

export type StreamState = "connecting" | "live" | "lost" | "closed";

export interface StreamHandlers {
  onevent: (event: StreamEvent) => void;
  onstate?: (state: StreamState, error?: ApiError) => void;
}

/** The server speaks at least every 15 s. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** Splits text/event-stream into events; text may come in any pieces. */
export class EventParser {
  #rest = "";
  #id = "";
  #event = "";
  #data: string[] = [];

  *feed(text: string): Generator<StreamEvent> {
    this.#rest += text;
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length)
          yield { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
        this.#event = "";
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue; // a comment: the server is alive
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") this.#data.push(value);
      else if (field === "event") this.#event = value;
      else if (field === "id") this.#id = value;
    }
  }
}

/** Keeps a stream of `path` open until the returned function is called. A 401 or 404 ends it. */
export function openStream(path: string, { onevent, onstate }: StreamHandlers): () => void {
  let controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let lastId = "";
  let failures = 0;

  const close = (): void => {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    window.removeEventListener("online", wake);
    controller.abort();
    onstate?.("closed");
  };
  const again = (error?: ApiError): void => {
    if (closed) return;
    onstate?.("lost", error);
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++) * (0.75 + Math.random() / 2);
    timer = setTimeout(() => void run(), wait);
  };
  function wake(): void {
    controller.abort();
    clearTimeout(timer);
    void run();
  }

  async function run(): Promise<void> {
    const mine = (controller = new AbortController());
    const over = (): boolean => closed || mine !== controller; // or another run has taken over
    const silence = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => mine.abort(), SILENCE_MS);
    };
    onstate?.("connecting");
    silence();
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const response = await send("GET", path, { headers, signal: mine.signal });
      if (over()) return;
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      onstate?.("live");
      failures = 0;
      for (;;) {
        silence();
        const { done, value } = await reader.read();
        if (over()) return;
        if (done) break;
        for (const event of parser.feed(value)) {
          if (over()) return;
          if (event.id) lastId = event.id;
          onevent(event);
        }
      }
      clearTimeout(timer);
      again();
    } catch (error) {
      if (over()) return;
      clearTimeout(timer);
      const problem = error instanceof ApiError ? error : undefined;
      if (problem && (problem.status === 401 || problem.status === 404)) {
        onstate?.("lost", problem);
        close();
      } else again(problem);
    }
  }

  window.addEventListener("online", wake);
  void run();
  return close;
}

