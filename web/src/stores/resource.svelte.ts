/**
 * What the server said last to one question, asked again when events make it likely that the answer has changed. An
 * older answer stays while a newer one is awaited, and when none comes: then `error` says why and `at` how old it is.
 */
import { asApiError, type ApiError } from "../api/problem.ts";
import { live } from "./live.svelte.ts";
import { Settling } from "./settling.ts";

export interface Asking {
  /** Beginnings of kinds of events. */
  on?: string[];
  /** Ask so often (ms) while the page is looked at. */
  every?: number;
}

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  /** When `data` came (Unix ms). */
  at = $state(0);
  #ask: (signal: AbortSignal) => Promise<T>;
  #asking: Asking;
  #running: AbortController | null = null;
  #again = false;
  #settling = new Settling(() => void this.refresh());
  #stop: (() => void)[] = [];
  #wanted = false; // between start and stop

  constructor(ask: (signal: AbortSignal) => Promise<T>, asking: Asking = {}) {
    this.#ask = ask;
    this.#asking = asking;
  }

  /** An answer that nobody waits for any more is given up. */
  async refresh(): Promise<void> {
    if (!this.#wanted) return;
    this.#settling.cancel();
    this.#running?.abort();
    const mine = (this.#running = new AbortController());
    this.#again = false;
    this.loading = true;
    try {
      const data = await this.#ask(mine.signal);
      if (mine.signal.aborted) return;
      this.data = data;
      this.at = Date.now();
      this.error = null;
    } catch (error) {
      if (mine.signal.aborted) return;
      this.error = asApiError(error);
    }
    this.loading = false;
    this.#running = null;
    if (this.#again) this.soon();
  }

  /** Ask when things have settled; a question under way is left to end first. */
  soon(): void {
    if (!this.#wanted) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#settling.soon();
  }

  /** Forget what is known: the question is another one now. */
  reset(): void {
    this.#running?.abort();
    this.#running = null;
    this.data = null;
    this.error = null;
  }

  start(): () => void {
    this.#wanted = true;
    const { on, every } = this.#asking;
    if (on) this.#stop.push(live.on(on, () => this.soon()));
    this.#stop.push(live.onBegin(() => this.soon()));
    if (every) {
      const timer = setInterval(() => document.hidden || this.soon(), every);
      this.#stop.push(() => clearInterval(timer));
    }
    const seen = (): void => {
      if (!document.hidden && every && Date.now() - this.at > every) this.soon();
    };
    document.addEventListener("visibilitychange", seen);
    this.#stop.push(() => document.removeEventListener("visibilitychange", seen));
    void this.refresh();
    return () => this.stop();
  }

  stop(): void {
    this.#wanted = false;
    this.#stop.forEach((stop) => stop());
    this.#stop = [];
    this.#settling.cancel();
    this.#running?.abort();
    this.#running = null;
    this.loading = false;
  }
}

/**
 * A resource that lives as long as the component that makes it. What `ask` reads (filters, say) is watched: when it
 * changes, the question is asked anew.
 */
export function useResource<T>(ask: (signal: AbortSignal) => Promise<T>, asking: Asking = {}): Resource<T> {
  const resource = new Resource(ask, asking);
  $effect(() => resource.start());
  return resource;
}
