/** The chart of the dashboard: what chart files draw, and besides it trades, orders, fills, and that it is live. */
import * as library from "lightweight-charts";
import type { Account, ChartData, Fill, Level, Update } from "./data.ts";
import { applyUpdate, ChartView, drawFills, drawLevels, drawTrades, formatNumber, levelsOf, type Viewport } from "./drawing.js";

/** How far beyond the bars a line may pull the scale, as a part of what is shown. */
const REACH = 0.6;
const FEWEST = 10; // bars in sight

export class LiveChart extends ChartView {
  showTrades = true;
  /** Told when the newest bar comes into sight or leaves it. */
  onfollow: (following: boolean) => void = () => undefined;
  /** Told of the moment (s) that the mouse points at, here; null: at none. */
  onmoment: (second: number | null) => void = () => undefined;
  #following = true;
  /** What another chart's mouse points at: the crosshair is there. */
  #led: number | null = null;
  /** The first bar that is not drawn yet as it is now, and the panes whose tables are not. */
  #from = Infinity;
  #tables = new Set<number>();
  #goal: { from: number; to: number } | null = null;
  #fills: (Fill & { bar: number })[] = [];

  constructor(box: HTMLElement, data: ChartData) {
    super(library, box, data);
  }

  override start(): void {
    super.start();
    this.#placeFills();
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      const following = range === null || range.to >= this.data.bars.c.length - 1;
      if (following !== this.#following) this.onfollow((this.#following = following));
    });
  }

  /** Takes an update. All that come before the next frame are drawn together. */
  take(update: Update): void {
    const before = this.data.bars.c.length;
    applyUpdate(this.data, update);
    update.panes?.forEach((pane, index) => {
      if (pane.drawings?.["tables"]) this.#tables.add(index);
    });
    if (this.#from === Infinity) requestAnimationFrame(() => this.#show());
    this.#from = Math.min(this.#from, update.from, before);
  }

  #show(): void {
    if (this.destroyed) return;
    const bars = this.data.bars.c.length;
    this.updateTimes(this.#from);
    if (bars > this.#from + 1) this.#placeFills();
    this.#from = Infinity;
    for (const index of this.#tables) this.showTables(index);
    this.#tables.clear();
    this.showLegend(this.crosshair ?? bars - 1);
    if (this.#led !== null) this.follow(this.#led);
  }

  override onCrosshair(move: library.MouseEventParams): void {
    if (this.#led !== null && !move.sourceEvent) return; // the library only puts it where it was
    this.#lead(null);
    super.onCrosshair(move);
    this.onmoment(this.crosshair === null ? null : this.data.utc[this.crosshair]!);
  }

  /** Puts the crosshair onto the bar of a moment (s); null, and a moment before the first bar, take it away. */
  follow(second: number | null): void {
    const bar = second === null ? -1 : barAt(this.data.utc, second);
    this.#lead(bar < 0 ? null : second);
    this.crosshair = bar < 0 ? null : bar;
    const price = this.data.bars.c[bar], time = this.data.shown[bar], range = this.#range();
    // Of a bar that is out of sight the library would draw the nearest that is not.
    const inSight = range !== null && bar >= range.from && bar <= range.to;
    if (inSight && price === price && price !== undefined) this.chart.setCrosshairPosition(price, time as library.UTCTimestamp, this.panes[0]!.series);
    else this.chart.clearCrosshairPosition();
    this.showLegend(this.crosshair ?? this.data.bars.c.length - 1);
  }

  /** A moment has no price: its line across is left out. */
  #lead(second: number | null): void {
    const visible = second === null;
    if (visible !== (this.#led === null)) this.chart.applyOptions({ crosshair: { horzLine: { visible, labelVisible: visible } } });
    this.#led = second;
  }

  set account(account: Account | undefined) {
    if (account) this.data.account = account;
    else delete this.data.account;
    this.#placeFills();
    this.redraw();
  }

  #placeFills(): void {
    const { utc } = this.data;
    this.#fills = (this.data.account?.fills ?? []).flatMap((fill) => {
      const bar = barAt(utc, fill.time / 1000);
      return bar < 0 ? [] : [{ ...fill, bar }];
    });
  }

  override drawAbove(context: CanvasRenderingContext2D, view: Viewport): void {
    super.drawAbove(context, view);
    if (!this.showTrades) return;
    if (this.data.trading) drawTrades(context, view, this.data.trading.trades, this.theme);
    drawFills(context, view, this.#fills, this.theme);
    drawLevels(context, view, this.levels(), this.theme);
  }

  override levels(): Level[] {
    if (!this.showTrades) return [];
    return [...levelsOf(this.data.trading, this.theme, false), ...levelsOf(this.data.account ?? null, this.theme, true)];
  }

  override pricesInReach(low: number, high: number): number[] {
    const reach = (high - low) * REACH;
    return this.levels().flatMap(({ price }) => (price > low - reach && price < high + reach ? [price] : []));
  }

  override notes(bar: number): string[] {
    const notes = super.notes(bar);
    if (!this.showTrades) return notes;
    const { precision } = this.data.meta;
    const price = (value: number) => formatNumber(value, precision);
    const trades = this.data.trading?.trades;
    if (trades) {
      for (let i = trades.entry.length - 1, seen = 0; i >= 0 && seen < 200; i--, seen++) {
        if (trades.entry[i] === bar)
          notes.push(`Script: ${trades.side[i]! > 0 ? "long" : "short"} ${trades.qty[i]} @ ${price(trades.entryPrice[i]!)} · ${trades.entrySignal[i]}`);
        if (trades.exit[i] === bar && !trades.open[i])
          notes.push(`Script: exit ${trades.qty[i]} @ ${price(trades.exitPrice[i]!)} · ${trades.exitSignal[i]} · ${trades.profit[i]! >= 0 ? "+" : "−"}${Math.abs(trades.profit[i]!).toFixed(2)}`);
      }
    }
    for (const fill of this.#fills) if (fill.bar === bar) notes.push(`Account: ${fill.side > 0 ? "bought" : "sold"} ${fill.qty} @ ${price(fill.price)}`);
    return notes;
  }

  /** Shift what is shown by bars, or make it wider (`zoom` > 1) around its newest end. */
  move(bars: number, zoom = 1): void {
    const range = this.#range();
    if (!range) return;
    const width = Math.min(Math.max((range.to - range.from) * zoom, FEWEST), this.data.bars.c.length * 1.25 + FEWEST);
    this.#go(range.to - width + bars, width);
  }

  jumpToNow(): void {
    const range = this.#range();
    if (!range) return;
    const to = this.data.bars.c.length - 1 + this.chart.timeScale().options().rightOffset;
    this.#go(to - (range.to - range.from), range.to - range.from);
  }

  jumpToStart(): void {
    const range = this.#range();
    if (range) this.#go(-2, range.to - range.from);
  }

  /** What is shown, or will be: the library moves with the next frame, and keys may come faster. */
  #range(): { from: number; to: number } | null {
    return this.#goal ?? this.chart.timeScale().getVisibleLogicalRange();
  }

  #go(from: number, width: number): void {
    const goal = (this.#goal = { from, to: from + width });
    this.chart.timeScale().setVisibleLogicalRange(goal);
    requestAnimationFrame(() => {
      if (this.#goal === goal) this.#goal = null;
    });
  }

  /** A picture of the chart, its tables aside. */
  picture(): HTMLCanvasElement {
    return this.chart.takeScreenshot(true, false);
  }
}

/** The bar that a moment (s) belongs to; −1 before the first. */
function barAt(utc: Float64Array, second: number): number {
  let low = 0, high = utc.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (utc[middle]! <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
