/** What the dashboard uses of the drawing code, which is plain JavaScript: chart files carry it as it is. */
import type { IChartApi, ISeriesApi, MouseEventParams } from "lightweight-charts";
import type { Account, ChartData, Level, Moved, Trades, Update, Fill, Holdings } from "./data.ts";

export interface Theme {
  paper: string;
  ink: string;
  quiet: string;
  line: string;
  grid: string;
  up: string;
  down: string;
  accent: string;
  font: string;
}

export interface Viewport {
  x(bar: number): number;
  y(price: number): number | null;
  first: number;
  last: number;
  bars: number;
  spacing: number;
  width: number;
  height: number;
}

export interface Pane {
  index: number;
  series: ISeriesApi<"Line">;
}

export class ChartView {
  constructor(library: unknown, box: HTMLElement, data: ChartData, options?: { layout?: object });
  readonly box: HTMLElement;
  data: ChartData;
  chart: IChartApi;
  panes: Pane[];
  theme: Theme;
  crosshair: number | null;
  countdown: string;
  showAlerts: boolean;
  showSessions: boolean;
  destroyed?: boolean;
  start(): void;
  destroy(): void;
  applyTheme(): void;
  showClock(zone: string | null): void;
  showNewest(): void;
  setLogarithmic(on: boolean): void;
  redraw(): void;
  updateTimes(from: number): void;
  drawAbove(context: CanvasRenderingContext2D, view: Viewport): void;
  levels(): Level[];
  pricesInReach(low: number, high: number): number[];
  notes(bar: number): string[];
  showTables(pane: number): void;
  showLegend(bar: number): void;
  onCrosshair(move: MouseEventParams): void;
  placeOverlays(): void;
  goTo(bar: number): void;
  timeText(bar: number): string;
}

export function prepare(payload: unknown, zone: string | null): ChartData;
export function setZone(data: ChartData, zone: string | null): void;
export function formatNumber(value: number | null | undefined, precision: number | "volume"): string;
export function applyUpdate(data: ChartData, update: Update): ChartData;
export function drawTrades(context: CanvasRenderingContext2D, view: Viewport, trades: Trades, theme: Theme): void;
export function drawFills(context: CanvasRenderingContext2D, view: Viewport, fills: (Fill & { bar: number })[], theme: Theme): void;
export function drawLevels(context: CanvasRenderingContext2D, view: Viewport, levels: Level[], theme: Theme): void;
export function levelsOf(trading: Holdings | Account | null, theme: Theme, own: boolean): Level[];
export type { Moved };
