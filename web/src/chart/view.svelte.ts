/** One chart view of the server: opened, fetched, followed; opened again when the server has let it go. */
import { api, send } from "../api/client.ts";
import { asApiError, type ApiError } from "../api/problem.ts";
import { openStream, type StreamEvent, type StreamState } from "../api/stream.ts";
import type { Account, ChartData, LiveState, Update, ViewRequest } from "./data.ts";
import { prepare } from "./drawing.js";

const ASK_AGAIN_MS = 400;
const REOPEN_MS = 2_000;

export interface Listener {
  /** All of it is there, or is there anew. */
  whole(data: ChartData): void;
  update(update: Update): void;
  account(account: Account): void;
}

export class ChartSession {
  phase = $state<"opening" | "loading" | "live" | "failed">("opening");
  error = $state.raw<ApiError | null>(null);
  /** Bars evaluated and bars in all, while history is loaded. */
  progress = $state.raw<{ done: number; total: number }>({ done: 0, total: 0 });
  live = $state.raw<LiveState | null>(null);
  /** When `live` came, by this browser's clock (Unix ms). */
  heard = 0;
  stream = $state<StreamState>("connecting");
  #id = "";
  #request: ViewRequest;
  #zone: () => string | null;
  #listener: Listener;
  #close: (() => void) | null = null;
  #over = false;
  #number = 0;
  #waiting: Update[] = [];
  #ready = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(request: ViewRequest, zone: () => string | null, listener: Listener) {
    this.#request = request;
    this.#zone = zone;
    this.#listener = listener;
    void this.#open();
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#close?.();
    const id = this.#id;
    if (id) void api.delete(`views/${id}`).catch(() => undefined); // it may have ended by itself
  }

  again(): void {
    clearTimeout(this.#timer);
    this.#close?.();
    this.#close = null;
    void this.#open();
  }

  async #open(): Promise<void> {
    this.phase = "opening";
    this.#ready = false;
    try {
      const { id } = await api.post<{ id: string }>("views", this.#request);
      if (this.#over) return void api.delete(`views/${id}`).catch(() => undefined);
      this.#id = id;
      await this.#fetch();
    } catch (error) {
      this.#failed(asApiError(error));
    }
  }

  async #fetch(): Promise<void> {
    const id = this.#id;
    this.#ready = false;
    for (;;) {
      const response = await send("GET", `views/${id}`);
      const body = (await response.json()) as { loading?: { done: number; total: number }; failed?: boolean; live: LiveState };
      if (this.#over || id !== this.#id) return;
      this.#tell(body.live);
      if (response.status === 202) {
        this.phase = "loading";
        this.progress = body.loading ?? { done: 0, total: 0 };
        await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
        continue;
      }
      this.#number = body.live.seq;
      if (body.failed) {
        // The market is not there yet: the server goes on trying.
        this.phase = "failed";
        this.#later(() => void this.#refetch());
        return;
      }
      this.#listener.whole(prepare(body, this.#zone()));
      this.phase = "live";
      this.error = null;
      this.#ready = true;
      const waiting = this.#waiting;
      this.#waiting = [];
      waiting.forEach((update) => this.#apply(update));
      this.#follow();
      return;
    }
  }

  async #refetch(): Promise<void> {
    try {
      await this.#fetch();
    } catch (error) {
      this.#failed(asApiError(error));
    }
  }

  #follow(): void {
    if (this.#close) return;
    this.#close = openStream(`views/${this.#id}/stream?after=${this.#number}`, {
      onevent: (event) => this.#hear(event),
      onstate: (state, error) => {
        this.stream = state;
        if (state === "lost" && error?.status === 404) this.#reopen();
      },
    });
  }

  #hear(event: StreamEvent): void {
    if (event.event === "update") {
      const update = JSON.parse(event.data) as Update;
      if (this.#ready) this.#apply(update);
      else this.#waiting.push(update);
    } else if (event.event === "account") {
      if (this.#ready) this.#listener.account(JSON.parse(event.data) as Account);
    } else if (event.event === "reload") void this.#refetch();
    else if (event.event === "gone") this.#reopen();
  }

  #apply(update: Update): void {
    const { seq } = update.live;
    if (seq <= this.#number) return;
    if (seq !== this.#number + 1) return void this.#refetch(); // something was missed
    this.#number = seq;
    this.#tell(update.live);
    this.#listener.update(update);
  }

  #tell(live: LiveState): void {
    this.heard = Date.now();
    this.live = live;
  }

  #reopen(): void {
    this.#close?.();
    this.#close = null;
    this.#id = "";
    this.#later(() => void this.#open());
  }

  #failed(error: ApiError): void {
    if (this.#over) return;
    this.#close?.();
    this.#close = null;
    this.error = error;
    this.phase = "failed";
    // A restart passes; a wrong script or an unknown market stays wrong until somebody does something.
    if (error.status === 0 || error.status >= 500 || (error.status === 404 && this.#id)) this.#later(() => void this.#open());
  }

  #later(what: () => void): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(what, REOPEN_MS);
  }
}
