/** Charts side by side whose crosshairs show the same moment. */
export interface Follower {
  /** A moment (Unix s), or none. */
  follow(second: number | null): void;
}

export class Crosshairs {
  #charts = new Set<Follower>();

  /** Returns the way out. */
  join(chart: Follower): () => void {
    this.#charts.add(chart);
    return () => {
      this.#charts.delete(chart);
      this.tell(chart, null);
    };
  }

  tell(by: Follower, second: number | null): void {
    for (const chart of this.#charts) if (chart !== by) chart.follow(second);
  }
}
