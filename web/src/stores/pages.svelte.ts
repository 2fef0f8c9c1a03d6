/** A list that the server gives a page at a time, newest first. New rows come on top without moving what was loaded. */
import { api, type Query } from "../api/client.ts";
import { asApiError, type ApiError } from "../api/problem.ts";
import type { Page } from "../api/types.ts";
import { live } from "./live.svelte.ts";
import { Settling } from "./settling.ts";

const TYPING_MS = 250;

export class Pages<T> {
  items = $state.raw<T[]>([]);
  next = $state<string | null>(null);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  at = $state(0);
  /** Rows that came after the first look: to be told of. */
  arrived = $state.raw<T[]>([]);
  #path: string;
  #key: (row: T) => string | number;
  #query: Query = {};
  #running: AbortController | null = null;
  #again = false;
  #settling = new Settling(() => {
    if (this.#running) this.#again = true;
    else void this.refresh();
  });
  #stopped = false;

  constructor(path: string, key: (row: T) => string | number) {
    this.#path = path;
    this.#key = key;
  }

  /** Ask from the beginning with these filters. */
  async load(query: Query): Promise<void> {
    if (JSON.stringify(query) !== JSON.stringify(this.#query)) {
      this.items = [];
      this.next = null;
      this.at = 0;
    }
    this.#query = query;
    await this.#fetch((page) => {
      this.items = page.items;
      this.next = page.next;
    });
  }

  /** The newest page once more: rows that changed are replaced, new ones come on top. */
  async refresh(): Promise<void> {
    if (!this.at) return this.load(this.#query);
    await this.#fetch((page) => {
      const known = new Set(this.items.map(this.#key));
      const last = page.items.at(-1);
      const seen = last === undefined ? -1 : this.items.findIndex((row) => this.#key(row) === this.#key(last));
      // What was loaded below the page stays. A gap may lie between where the page's last row is not among it.
      const below = page.next === null || seen < 0 ? [] : this.items.slice(seen + 1);
      this.items = [...page.items, ...below];
      if (!below.length) this.next = page.next;
      const fresh = page.items.filter((row) => !known.has(this.#key(row)));
      if (fresh.length) this.arrived = fresh;
    });
  }

  /** The page after what is shown. */
  async more(): Promise<void> {
    const cursor = this.next;
    if (!cursor || this.#running) return;
    await this.#fetch((page) => {
      const known = new Set(this.items.map(this.#key));
      this.items = [...this.items, ...page.items.filter((row) => !known.has(this.#key(row)))];
      this.next = page.next;
    }, cursor);
  }

  soon(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#settling.soon();
  }

  stop(): void {
    this.#stopped = true;
    this.#settling.cancel();
    this.#running?.abort();
    this.#running = null;
  }

  async #fetch(take: (page: Page<T>) => void, cursor = ""): Promise<void> {
    this.#running?.abort();
    const mine = (this.#running = new AbortController());
    this.#again = false;
    this.loading = true;
    try {
      const page = await api.get<Page<T>>(this.#path, { limit: 100, ...this.#query, cursor }, mine.signal);
      if (mine.signal.aborted) return;
      take(page);
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
}

/**
 * Pages that live as long as the component; `query` is watched, events of `kinds` bring the newest page again, and so
 * does time (`every` ms) where not every change is an event.
 */
export function usePages<T>(
  path: string,
  key: (row: T) => string | number,
  query: () => Query,
  kinds: string[] = [],
  every = 30_000,
): Pages<T> {
  const pages = new Pages<T>(path, key);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first = true;
  $effect(() => {
    const wanted = query();
    clearTimeout(timer);
    if (first) void pages.load(wanted);
    else timer = setTimeout(() => void pages.load(wanted), TYPING_MS); // while somebody types
    first = false;
  });
  $effect(() => {
    const stops = [live.on(kinds, () => pages.soon()), live.onBegin(() => pages.soon())];
    const clock = setInterval(() => document.hidden || pages.soon(), every);
    return () => {
      stops.forEach((stop) => stop());
      clearInterval(clock);
      clearTimeout(timer);
      pages.stop();
    };
  });
  return pages;
}
