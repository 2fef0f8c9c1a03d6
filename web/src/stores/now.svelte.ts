/** A clock that ticks once a second, for ages. */
class Now {
  ms = $state(Date.now());
  constructor() {
    setInterval(() => {
      if (!document.hidden) this.ms = Date.now();
    }, 1_000);
  }
}

export const now = new Now();
