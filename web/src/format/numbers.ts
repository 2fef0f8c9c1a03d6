/** Numbers as people of trading read them: prices at tick precision, money with its currency, signs that are seen. */

export const NONE = "—";
const MINUS = "−"; // as wide as a digit and a plus sign

const plain = new Map<number, Intl.NumberFormat>();

/** With exactly so many decimals, digits in groups. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  let format = plain.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    plain.set(decimals, format);
  }
  const text = format.format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** With the decimals that it has, digits in groups. */
export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : fixed(value, decimalsOf(value));
}

/** `+` before gains. */
export function signed(text: string): string {
  return text === NONE || text.startsWith(MINUS) || !/[1-9]/.test(text) ? text : `+${text}`;
}

/** How many decimals a number is written with; what floating point adds behind the 10th does not count. */
export function decimalsOf(value: number): number {
  if (!Number.isFinite(value)) return 0;
  const text = Number(value.toFixed(10)).toString();
  const [mantissa = "", exponent] = text.split("e-");
  const shown = mantissa.includes(".") ? mantissa.length - mantissa.indexOf(".") - 1 : 0;
  return Math.min(10, shown + (exponent ? Number(exponent) : 0));
}

/** Without a currency the amount alone. */
export function money(value: number | null | undefined, currency = ""): string {
  const text = fixed(value, 2);
  return text === NONE || !currency ? text : `${text} ${currency}`;
}

export function signedMoney(value: number | null | undefined, currency = ""): string {
  return signed(money(value, currency));
}

export function percent(share: number | null | undefined, decimals = 1): string {
  return share === null || share === undefined ? NONE : `${fixed(share * 100, decimals)} %`;
}

/** For an axis up to `size` whose marks lie `step` apart: 1.2M, 1,250.5k, 0.25; as short as keeps marks apart. */
export function short(value: number, step: number, size = Math.abs(value)): string {
  const [unit, name] = size >= 1e6 && step >= 1e4 ? [1e6, "M"] : size >= 1e4 && step >= 10 ? [1e3, "k"] : [1, ""];
  return fixed(value / unit, Math.min(8, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)))) + name;
}

/** up, down or nothing: the class of a gain or loss. */
export function tone(value: number | null | undefined): "up" | "down" | "" {
  return !value ? "" : value > 0 ? "up" : "down";
}

/** ▲ or ▼, so that colour never says it alone. */
export function arrow(value: number | null | undefined): string {
  return !value ? "" : value > 0 ? "▲" : "▼";
}

// --- prices ---------------------------------------------------------------------------

const digits = new Map<string, number>();

/** How far apart a symbol's prices are. */
export function setTick(symbol: string, tick: number): void {
  digits.set(symbol, decimalsOf(tick));
}

/** At tick precision; an average may lie between ticks and then shows two decimals more. */
export function price(value: number | null | undefined, symbol = ""): string {
  if (value === null || value === undefined) return NONE;
  const known = digits.get(symbol);
  const own = Math.min(8, decimalsOf(value));
  return fixed(value, known === undefined ? own : Math.max(known, Math.min(own, known + 2)));
}

/** `CME_MINI:ES1!` as `ES1!`; the whole name belongs into the title. */
export function shortSymbol(symbol: string): string {
  return symbol.slice(symbol.indexOf(":") + 1);
}
