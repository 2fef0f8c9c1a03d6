/** Sums of money, one for each currency: amounts of different currencies are never added. */

export interface Amount {
  currency: string;
  /** null: an amount that belongs to it is not known. */
  amount: number | null;
}

/** By the currencies' names. */
export function perCurrency<Row>(
  rows: readonly Row[],
  currency: (row: Row) => string,
  amount: (row: Row) => number | null,
): Amount[] {
  const found = new Map<string, number | null>();
  for (const row of rows) {
    const [name, value] = [currency(row), amount(row)];
    const sum = found.has(name) ? found.get(name)! : 0;
    found.set(name, sum === null || value === null ? null : sum + value);
  }
  return [...found].sort().map(([name, sum]) => ({ currency: name, amount: sum }));
}
