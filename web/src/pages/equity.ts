/** Curves of accounts, and of several as one. */
import type { Account, EquityPoint } from "../api/types.ts";
import type { Point } from "../plots/scale.ts";

/**
 * The sum of accounts' curves. An account counts with its first known equity before it has one, so that an account that
 * comes later is no jump; between its points an account keeps the last.
 */
export function together(rows: readonly EquityPoint[]): Point[] {
  const latest = new Map<string, number>();
  for (const row of rows) if (!latest.has(row.account)) latest.set(row.account, row.equity);
  let total = [...latest.values()].reduce((sum, equity) => sum + equity, 0);
  const points: Point[] = [];
  for (const row of rows) {
    total += row.equity - latest.get(row.account)!;
    latest.set(row.account, row.equity);
    const at = Date.parse(row.time);
    const last = points.at(-1);
    if (last?.at === at) last.value = total;
    else points.push({ at, value: total });
  }
  return points;
}

/** Kept is a point a minute; an account's last equity is younger. Accounts without a kept point are not asked for. */
export function upToNow(rows: readonly EquityPoint[], accounts: readonly Account[]): EquityPoint[] {
  const last = new Map(rows.map((row) => [row.account, row.time]));
  const now = accounts.flatMap(({ name, time, equity, balance }) =>
    time !== null && equity !== null && balance !== null && last.has(name) && last.get(name)! < time
      ? [{ account: name, time, equity, balance }]
      : [],
  );
  return [...rows, ...now.sort((a, b) => Date.parse(a.time) - Date.parse(b.time))];
}
