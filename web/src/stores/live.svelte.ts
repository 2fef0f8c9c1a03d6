/** The stream of events: whether it is there, and who wants to hear of what. */
import { openStream } from "../api/stream.ts";
import type { PineryEvent } from "../api/types.ts";

type Listener = (event: PineryEvent) => void;

const KEPT = 200;

export class Live {
  state = $state<"connecting" | "live" | "lost">("connecting");
  /** Since when nothing is known (Unix ms); null while the stream is there. */
  staleSince = $state<number | null>(null);
  /** The newest first. */
  recent = $state.raw<PineryEvent[]>([]);
  #listeners = new Map<Listener, string[]>();
  #close: (() => void) | null = null;
  #begun = new Set<() => void>();

  open(): void {
    if (this.#close) return;
    this.#close = openStream("events/stream", {
      onstate: (state) => {
        if (state === "closed") return;
        if (state === "live") {
          this.staleSince = null;
          this.state = "live";
          this.#begun.forEach((callback) => callback());
        } else if (state === "lost") {
          this.staleSince ??= Date.now();
          this.state = "lost";
        } else if (this.state !== "lost") this.state = "connecting";
      },
      onevent: (message) => this.#hear(message.data),
    });
  }

  close(): void {
    this.#close?.();
    this.#close = null;
    this.recent = [];
    this.staleSince = null;
    this.state = "connecting";
  }

  /** `kinds`: beginnings of kinds, none for all. Returns the way to stop. */
  on(kinds: string[], listener: Listener): () => void {
    this.#listeners.set(listener, kinds);
    return () => this.#listeners.delete(listener);
  }

  /** Whenever the stream begins: it tells nothing of what happened before, so what was asked until then may be old. */
  onBegin(callback: () => void): () => void {
    this.#begun.add(callback);
    return () => this.#begun.delete(callback);
  }

  #hear(data: string): void {
    let event: PineryEvent;
    try {
      event = JSON.parse(data) as PineryEvent;
    } catch {
      return;
    }
    this.recent = [event, ...this.recent].slice(0, KEPT);
    for (const [listener, kinds] of this.#listeners) {
      if (!kinds.length || kinds.some((kind) => event.kind.startsWith(kind))) listener(event);
    }
  }
}

export const live = new Live();
