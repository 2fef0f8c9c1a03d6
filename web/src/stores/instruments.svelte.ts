/** Price steps, point values and currencies of what is traded. */
import { api } from "../api/client.ts";
import type { Instrument } from "../api/types.ts";
import { setTick } from "../format/numbers.ts";
import { live } from "./live.svelte.ts";
import { currencyOf } from "./status.svelte.ts";

let known = $state.raw<ReadonlyMap<string, Instrument>>(new Map());

/** What cannot be asked now is shown as it comes. */
export async function loadInstruments(): Promise<void> {
  try {
    const found = await api.get<Instrument[]>("instruments");
    for (const { symbol, tick } of found) setTick(symbol, tick);
    known = new Map(found.map((one) => [one.symbol, one]));
  } catch {
    // the top bar says that the server cannot be reached
  }
}

/** A contract that is held for the first time is asked for. Returns the way to stop. */
export function followInstruments(): () => void {
  return live.on(["position.opened"], (event) => {
    const symbol = event.data["symbol"];
    if (typeof symbol !== "string" || !known.has(symbol)) void loadInstruments();
  });
}

export function instrument(symbol: string): Instrument | undefined {
  return known.get(symbol);
}

/** The currency of profits in a contract. */
export function profitCurrency(row: { symbol: string; account: string }): string {
  return known.get(row.symbol)?.currency || currencyOf(row.account);
}
