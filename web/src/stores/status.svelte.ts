/** How things stand, for the top bar and every page. */
import { api } from "../api/client.ts";
import type { Account, Status } from "../api/types.ts";
import { perCurrency, type Amount } from "../format/sums.ts";
import { Resource } from "./resource.svelte.ts";

export const status = new Resource<Status>(
  (signal) => api.get<Status>("status", {}, signal),
  { on: [], every: 3_000 },
);

export function accountOf(name: string): Account | undefined {
  return status.data?.accounts.find((one) => one.name === name);
}

/** The currency that an account is kept in. */
export function currencyOf(account: string): string {
  return accountOf(account)?.currency ?? "";
}

/** Accounts' figures, those that are known, as one sum for each currency. */
export function sums(of: "equity" | "day_profit"): Amount[] {
  const known = (status.data?.accounts ?? []).filter((account) => account[of] !== null);
  return perCurrency(
    known,
    (account) => account.currency,
    (account) => account[of],
  );
}
