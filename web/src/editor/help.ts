/** What the editor says of a name: completion, hovering, the call under way. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { hoverTooltip, type EditorView, type Tooltip } from "@codemirror/view";
import { entriesOf, versionOf, type Entry, type Language } from "./language.ts";

const ICONS: Record<string, string> = { function: "function", method: "method", variable: "variable", constant: "constant", type: "type", annotation: "keyword" };
const NAME = /^[A-Za-z_][\w.]*$/;

/** A name's entry as a small document: signatures, what it does, since when. */
export function explained(entries: Entry[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "pine-doc";
  const told = new Set<string>();
  for (const entry of entries) {
    for (const signature of entry.signatures.length ? entry.signatures : [`${entry.name}: ${entry.type}`]) {
      if (told.has(signature)) continue;
      told.add(signature);
      const line = document.createElement("code");
      line.textContent = signature;
      box.append(line);
    }
    if (entry.doc && !told.has(entry.doc)) {
      told.add(entry.doc);
      const text = document.createElement("p");
      text.textContent = entry.doc;
      box.append(text);
    }
  }
  const versions = [...new Set(entries.flatMap((entry) => entry.versions))].sort();
  if (versions.length) {
    const line = document.createElement("small");
    line.textContent = `Pine v${versions.join(", v")}`;
    box.append(line);
  }
  return box;
}

/** A call under way: the signature that has room for the argument, with the argument marked; and what it does. */
export function calling(entries: Entry[], argument: number): HTMLElement {
  const all = entries.flatMap((entry) => entry.signatures.map((signature) => ({ entry, signature })));
  const { entry, signature } = all.find((one) => argumentsOf(one.signature).length > argument) ?? all[0] ?? { entry: entries[0]!, signature: "" };
  const box = document.createElement("div");
  box.className = "pine-doc";
  const line = document.createElement("code");
  const places = argumentsOf(signature);
  const last = places.at(-1);
  const [from, to] = places[argument] ?? (last && signature[last[0]] === "*" ? last : [0, 0]);
  const mark = document.createElement("b");
  mark.textContent = signature.slice(from, to);
  line.append(signature.slice(0, from), mark, signature.slice(to));
  const text = document.createElement("p");
  text.textContent = entry.doc;
  box.append(line, text);
  return box;
}

/** Where the arguments of a signature stand in it: [from, to] each. */
export function argumentsOf(signature: string): [number, number][] {
  const open = signature.indexOf("(");
  if (open < 0) return [];
  const found: [number, number][] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < signature.length; i++) {
    const sign = signature[i]!;
    if ("([<".includes(sign)) depth += 1;
    else if (")]".includes(sign) || (sign === ">" && signature[i - 1] !== "-")) depth -= 1;
    if (depth === 0 || (depth === 1 && sign === ",")) {
      const text = signature.slice(from, i);
      if (text.trim()) found.push([from + text.length - text.trimStart().length, i - (text.length - text.trimEnd().length)]);
      from = i + 1;
    }
    if (depth === 0) break;
  }
  return found;
}

/** The name around a place of a line, with the dots in it: [from, to, name]. */
export function wordAt(line: string, at: number): [number, number, string] | null {
  let from = at;
  let to = at;
  while (from > 0 && /[\w.]/.test(line[from - 1]!)) from -= 1;
  while (to < line.length && /[\w.]/.test(line[to]!)) to += 1;
  while (line[from] === ".") from += 1;
  while (to > from && line[to - 1] === ".") to -= 1;
  const name = line.slice(from, to);
  return NAME.test(name) ? [from, to, name] : null;
}

/** The call that a place is inside of: its name, and which argument it is at. Looks at the text before the place. */
export function callAt(before: string): { name: string; argument: number } | null {
  let depth = 0;
  let argument = 0;
  let quote = "";
  let escaped = false;
  const opened: { at: number; argument: number }[] = [];
  for (let i = 0; i < before.length; i++) {
    const sign = before[i]!;
    if (quote) {
      if ((sign === quote && !escaped) || sign === "\n") quote = ""; // texts end with their line
      escaped = !escaped && sign === "\\";
    } else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "/" && before[i + 1] === "/") {
      const end = before.indexOf("\n", i);
      if (end < 0) return null;
      i = end;
    } else if (sign === "(" || sign === "[") {
      opened.push({ at: sign === "(" ? i : -1, argument });
      argument = 0;
      depth += 1;
    } else if ((sign === ")" || sign === "]") && depth) {
      argument = opened.pop()!.argument;
      depth -= 1;
    } else if (sign === "," && depth) argument += 1;
  }
  const last = opened.at(-1);
  if (!last || last.at < 0) return null;
  const name = /([A-Za-z_][\w.]*)(?:<[\w.,<> ]*>)?\s*$/.exec(before.slice(0, last.at));
  return name ? { name: name[1]!, argument } : null;
}

export function completer(table: Language): (context: CompletionContext) => CompletionResult | null {
  const options = new Map<number, Completion[]>();
  const of = (version: number): Completion[] => {
    let found = options.get(version);
    if (!found) {
      const seen = new Set<string>();
      found = table.keywords.map((label) => ({ label, type: "keyword", boost: -1 }));
      for (const entry of table.entries) {
        if (seen.has(entry.name) || !entry.versions.includes(version)) continue;
        seen.add(entry.name);
        found.push({
          label: entry.name,
          type: ICONS[entry.kind] ?? "variable",
          detail: entry.kind === "function" ? "" : entry.type,
          info: () => explained(entriesOf(table, entry.name, version)),
        });
      }
      options.set(version, found);
    }
    return found;
  };
  return (context) => {
    const word = context.matchBefore(/[A-Za-z_][\w.]*/);
    if (!word && !context.explicit) return null;
    const line = context.state.doc.lineAt(context.pos);
    if (/^\s*\/\//.test(line.text)) return null;
    const text = context.state.doc.sliceString(0, 2_000);
    const version = Math.max(4, versionOf(text));
    const own = new Set<string>();
    for (const match of context.state.doc.toString().matchAll(/^\s*(?:var(?:ip)?\s+)?(?:\w+\s+)?([A-Za-z_]\w*)\s*(?:=|\([^)]*\)\s*=>)/gm)) own.add(match[1]!);
    return {
      from: word?.from ?? context.pos,
      options: [...[...own].map((label) => ({ label, type: "variable", boost: 1 })), ...of(version)],
      validFor: /^[\w.]*$/,
    };
  };
}

export function hover(table: Language): ReturnType<typeof hoverTooltip> {
  return hoverTooltip((view: EditorView, position: number): Tooltip | null => {
    const line = view.state.doc.lineAt(position);
    const found = wordAt(line.text, position - line.from);
    if (!found) return null;
    const entries = entriesOf(table, found[2], Math.max(4, versionOf(view.state.doc.sliceString(0, 2_000))));
    if (!entries.length) return null;
    return { pos: line.from + found[0], end: line.from + found[1], above: true, create: () => ({ dom: explained(entries) }) };
  });
}
