/** Pine as the server's table tells it: for completion, hovering and colours. */
import { api } from "../api/client.ts";

export interface Entry {
  name: string;
  kind: "function" | "variable" | "constant" | "type" | "method" | "annotation" | "keyword" | string;
  method_of: string | null;
  signatures: string[];
  type: string;
  doc: string;
  versions: number[];
}

export interface Language {
  version: number;
  keywords: string[];
  entries: Entry[];
}

let asked: Promise<Language> | null = null;

/** Asked for once; a failure is asked again. */
export function language(): Promise<Language> {
  asked ??= api.get<Language>("language").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** The version that a script's `//@version=` line names; without one, the first that had none. */
export function versionOf(text: string): number {
  const found = /^\s*\/\/\s*@version\s*=\s*(\d+)/m.exec(text);
  return found ? Number(found[1]) : 1;
}

/** Entries of a name in a version; of every version if that one has none. */
export function entriesOf(table: Language, name: string, version: number): Entry[] {
  const all = table.entries.filter((entry) => entry.name === name);
  const own = all.filter((entry) => entry.versions.includes(version));
  return own.length ? own : all;
}
