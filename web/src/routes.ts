/** The pages of the dashboard, in the order of the navigation. A new page is a row here and a file in `pages/`. */
import type { Component } from "svelte";
import type { IconName } from "./parts/Icon.svelte";

export interface Route {
  path: string;
  title: string;
  icon: IconName;
  /** After `g`: go there. */
  hotkey: string;
  load: () => Promise<{ default: Component }>;
}

const files = import.meta.glob<{ default: Component }>("./pages/*.svelte");

const rows: [path: string, title: string, hotkey: string][] = [
  ["overview", "Overview", "o"],
  ["charts", "Charts", "c"],
  ["signals", "Signals", "s"],
  ["orders", "Orders", "r"],
  ["positions", "Positions", "p"],
  ["performance", "Performance", "f"],
  ["deployments", "Deployments", "d"],
  ["scripts", "Scripts", "e"],
  ["system", "System", "y"],
];

export const routes: Route[] = rows.flatMap(([path, title, hotkey]) => {
  const load = files[`./pages/${title}.svelte`];
  return load ? [{ path, title, icon: path as IconName, hotkey, load: () => renewed(path, load) }] : [];
});

/**
 * Parts of the dashboard that was opened are gone once Pinery was updated: then the new one is loaded, once. While the
 * server is not there, that would leave the browser's own page of errors, which never comes back by itself.
 */
async function renewed<T>(path: string, load: () => Promise<T>): Promise<T> {
  const key = "pinery.renewed";
  try {
    const found = await load();
    sessionStorage.removeItem(key);
    return found;
  } catch (error) {
    if (sessionStorage.getItem(key) === path || !(await reachable())) throw error;
    sessionStorage.setItem(key, path);
    location.reload();
    return new Promise(() => undefined);
  }
}

async function reachable(): Promise<boolean> {
  try {
    return (await fetch(location.pathname, { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Of an address; the first page for none and for an unknown one. */
export function routeOf(page: string): Route {
  return routes.find((route) => route.path === page) ?? routes[0]!;
}
