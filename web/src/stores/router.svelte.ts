/** Where we are: `#/signals/abc?deployment=demo`. The part behind # never leaves the browser, so any server can serve us. */

export interface Place {
  page: string;
  rest: string[];
  query: URLSearchParams;
}

export function readPlace(hash: string): Place {
  const text = hash.replace(/^#\/?/, "");
  const mark = text.indexOf("?");
  const path = (mark < 0 ? text : text.slice(0, mark)).split("/").filter(Boolean).map(decode);
  return { page: path[0] ?? "", rest: path.slice(1), query: new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1)) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** For href. Empty parts of the query are left out. */
export function link(page: string, rest: string[] = [], query: Record<string, string | null | undefined> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) words.set(name, value);
  const text = words.toString();
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

class Router {
  place = $state.raw<Place>(readPlace(location.hash));
  /** Asked before another place is shown, with its address; false keeps the place: something there is not saved. */
  guard: ((place: Place, address: string) => boolean) | null = null;

  constructor() {
    window.addEventListener("hashchange", () => {
      const [next, address] = [readPlace(location.hash), location.hash];
      if (this.guard?.(next, address) ?? true) this.place = next;
      else history.replaceState(null, "", link(this.place.page, this.place.rest, Object.fromEntries(this.place.query)));
    });
  }

  go(page: string, rest: string[] = [], query: Record<string, string | null | undefined> = {}): void {
    location.hash = link(page, rest, query);
  }

  /** Change a part of the query in place: filters, the open row. */
  set(changes: Record<string, string | null | undefined>): void {
    const query = Object.fromEntries(this.place.query);
    const address = link(this.place.page, this.place.rest, { ...query, ...changes });
    history.replaceState(null, "", address);
    this.place = readPlace(address);
  }

  get(name: string): string {
    return this.place.query.get(name) ?? "";
  }
}

export const router = new Router();
