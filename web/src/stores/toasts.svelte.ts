/** Short notes that come and go; errors stay until they are closed. */
import { asApiError } from "../api/problem.ts";

export interface Toast {
  id: number;
  kind: "done" | "error";
  text: string;
  hint: string;
}

const LIFE_MS = 6_000;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  done(text: string): void {
    const id = this.#add("done", text, "");
    setTimeout(() => this.close(id), LIFE_MS);
  }

  /** What was tried comes first: "Cancel order: it has ended already". */
  error(tried: string, error: unknown): void {
    const problem = asApiError(error);
    if (problem.status === 401) return; // the login page says it
    this.#add("error", `${tried}: ${problem.message}`, problem.errors.join("; ") || problem.hint);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(kind: Toast["kind"], text: string, hint: string): number {
    const id = this.#next++;
    this.list = [...this.list.filter((toast) => toast.text !== text), { id, kind, text, hint }].slice(-4);
    return id;
  }
}

export const toasts = new Toasts();
