/** What a person chose for this browser: look, colours of gain and loss, time zone, columns of tables. */

export type Theme = "system" | "dark" | "light";
export type Tones = "green" | "blue";

const PREFIX = "pinery.";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** A value kept by the browser; where it may not be kept it lasts as long as the page. */
export function kept<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // no room, or not allowed
  }
}

const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

function usableZone(zone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return localZone;
  }
}

class Preferences {
  #theme = $state<Theme>(kept<Theme>("theme", "system"));
  #tones = $state<Tones>(kept<Tones>("tones", "green"));
  #zone = $state(usableZone(kept("zone", localZone)));
  #systemDark = $state(dark.matches);
  readonly localZone = localZone;

  constructor() {
    dark.addEventListener("change", (event) => {
      this.#systemDark = event.matches;
      this.#show();
    });
    this.#show();
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    keep("theme", theme);
    this.#show();
  }

  get tones(): Tones {
    return this.#tones;
  }
  set tones(tones: Tones) {
    this.#tones = tones;
    keep("tones", tones);
    this.#show();
  }

  /** An IANA name. */
  get zone(): string {
    return this.#zone;
  }
  set zone(zone: string) {
    this.#zone = usableZone(zone);
    keep("zone", this.#zone);
  }

  /** What is shown now, whatever it follows from. */
  get shownTheme(): "dark" | "light" {
    if (this.#theme !== "system") return this.#theme;
    return this.#systemDark ? "dark" : "light";
  }

  #show(): void {
    const root = document.documentElement;
    root.dataset["theme"] = this.shownTheme;
    root.dataset["tones"] = this.#tones;
  }
}

export const preferences = new Preferences();
