/** Who is logged in. */
import { api, setCsrf, whenUnauthenticated } from "../api/client.ts";
import { ApiError, asApiError } from "../api/problem.ts";
import type { Me, Role } from "../api/types.ts";
import { keep, kept } from "./preferences.svelte.ts";

const RANKS: Role[] = ["viewer", "trader", "admin"];

class Session {
  me = $state.raw<Me | null>(null);
  /** `asking` until the server has said whether we are known. */
  phase = $state<"asking" | "out" | "in" | "unreachable">("asking");
  notice = $state(""); // why one has to log in, if there is more to say

  constructor() {
    whenUnauthenticated(() => {
      if (this.phase === "in") this.notice = "Your session has ended. Log in again to go on where you were.";
      this.#leave();
    });
  }

  /** Takes a one-time code out of the address (`#login=CODE`) and uses it, else asks who we are. */
  async begin(): Promise<void> {
    const code = /^#login=([\w.~-]+)$/.exec(location.hash)?.[1];
    if (code) {
      history.replaceState(null, "", location.pathname + location.search);
      try {
        this.#enter(await api.post<Me>("login/once", { code }));
        return;
      } catch (error) {
        this.notice = `The login link does not work: ${asApiError(error).text}`;
      }
    }
    if (!kept("known", false)) {
      this.#leave(); // nobody has logged in here: not even asked for, so that no error is logged
      return;
    }
    try {
      this.#enter(await api.get<Me>("me"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#leave();
      else this.phase = "unreachable";
    }
  }

  async login(name: string, password: string): Promise<void> {
    this.#enter(await api.post<Me>("login", { name, password }));
  }

  async logout(): Promise<void> {
    await api.post("logout");
    this.notice = "";
    this.#leave();
  }

  /** Whether the role covers another. */
  may(role: Role): boolean {
    return this.me !== null && RANKS.indexOf(this.me.role) >= RANKS.indexOf(role);
  }

  #enter(me: Me): void {
    setCsrf(me.csrf);
    keep("known", true);
    this.me = me;
    this.notice = "";
    this.phase = "in";
  }

  #leave(): void {
    setCsrf(null);
    keep("known", false);
    this.me = null;
    this.phase = "out";
  }
}

export const session = new Session();
