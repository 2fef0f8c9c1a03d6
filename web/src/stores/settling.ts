/** Does something once things have settled: events come in bursts. An endless flow of them delays it only so long. */

const QUIET_MS = 250;
const LONGEST_MS = 1_000;

export class Settling {
  #act: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #latest: number | null = null;

  constructor(act: () => void) {
    this.#act = act;
  }

  soon(): void {
    const now = performance.now();
    this.#latest ??= now + LONGEST_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#latest = null;
        this.#act();
      },
      Math.max(0, Math.min(QUIET_MS, this.#latest - now)),
    );
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#latest = null;
  }
}
