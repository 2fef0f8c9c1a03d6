import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { argumentsOf, callAt, calling, completer, explained, wordAt } from "../../src/editor/help.ts";
import { entriesOf, versionOf, type Entry, type Language } from "../../src/editor/language.ts";

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  name,
  kind: "function",
  method_of: null,
  signatures: [`${name}(source: float, length: int) -> series float`],
  type: "float",
  doc: `What ${name} does.`,
  versions: [5, 6],
  ...more,
});
const table: Language = {
  version: 6,
  keywords: ["if", "var"],
  entries: [
    entry("ta.sma"),
    entry("sma", { versions: [4] }),
    entry("close", { kind: "variable", signatures: [], versions: [4, 5, 6] }),
    entry("math.max", { signatures: ["math.max(number0: N, number1: N, *numbers: N) -> auto N"] }),
  ],
};

test.each([
  ["x = ta.sma(close)", 5, [4, 10, "ta.sma"]],
  ["x = ta.sma(close)", 10, [4, 10, "ta.sma"]],
  ["x = ta.sma(close)", 13, [11, 16, "close"]],
  ["x = ta.", 6, [4, 6, "ta"]],
  ["x = .5", 5, null],
  ["x = 1.5e3", 6, null],
  ["", 0, null],
])("the word of %j at %i", (line, at, wanted) => {
  expect(wordAt(line, at)).toEqual(wanted);
});

test.each([
  ["ta.sma(", { name: "ta.sma", argument: 0 }],
  ["ta.sma(close, ", { name: "ta.sma", argument: 1 }],
  ["ta.sma (close, ", { name: "ta.sma", argument: 1 }],
  ["ta.sma(math.max(1, 2), ", { name: "ta.sma", argument: 1 }],
  ["ta.sma(math.max(1, ", { name: "math.max", argument: 1 }],
  ["ta.sma(close[1], ", { name: "ta.sma", argument: 1 }],
  ["ta.sma(close[", null],
  ["array.new<float>(", { name: "array.new", argument: 0 }],
  ["ta.sma(close, 5)", null],
  ['label.new(x, "a, (b", ', { name: "label.new", argument: 2 }],
  [String.raw`f("a\\", `, { name: "f", argument: 1 }],
  [String.raw`f("a\", `, { name: "f", argument: 0 }],
  ['x = "never closed\nf(1, ', { name: "f", argument: 1 }],
  ["f( // a comment, with (signs\n 1, ", { name: "f", argument: 1 }],
  ["f( // a comment", null],
  ["(1 + ", null],
])("the call under way in %j", (before, wanted) => {
  expect(callAt(before)).toEqual(wanted);
});

test("arguments of a signature", () => {
  const cut = (signature: string): string[] => argumentsOf(signature).map(([from, to]) => signature.slice(from, to));
  expect(cut("f(a: array<map<int, float>>, b: string = \"\") -> void")).toEqual(["a: array<map<int, float>>", 'b: string = ""']);
  expect(cut("f() -> void")).toEqual([]);
  expect(cut("close: float")).toEqual([]);
});

test("the argument at hand is marked, in the signature that has it", () => {
  const marked = (name: string, argument: number): string | null | undefined =>
    calling(entriesOf(table, name, 6), argument).querySelector("b")?.textContent;
  expect(marked("ta.sma", 1)).toBe("length: int");
  expect(marked("ta.sma", 5)).toBe("");
  expect(marked("math.max", 7)).toBe("*numbers: N");
  const two = [entry("f", { signatures: ["f(a: int)", "f(a: float, b: int)"] })];
  expect(calling(two, 1).querySelector("code")?.textContent).toBe("f(a: float, b: int)");
  expect(calling([entry("close", { signatures: [] })], 0).textContent).toBe("What close does.");
});

test("a name is explained once, however many entries it has", () => {
  const box = explained([entry("f"), entry("f", { versions: [4] })]);
  expect(box.querySelectorAll("code")).toHaveLength(1);
  expect(box.querySelector("small")?.textContent).toBe("Pine v4, v5, v6");
});

test.each([
  ["//@version=5\nx", 5],
  ["// a script\n// @version = 4", 4],
  ["plot(close)", 1],
])("the version of %j", (text, wanted) => {
  expect(versionOf(text)).toBe(wanted);
});

test("entries are those of the version, or of another where it has none", () => {
  expect(entriesOf(table, "sma", 6).map((one) => one.versions)).toEqual([[4]]);
  expect(entriesOf(table, "nothing", 6)).toEqual([]);
});

function completed(doc: string, explicit = false): string[] | null {
  const state = EditorState.create({ doc });
  return completer(table)(new CompletionContext(state, doc.length, explicit))?.options.map((option) => option.label) ?? null;
}

test("completion knows the version's names, keywords and what the script declares", () => {
  const found = completed("//@version=6\nvar float slow = 1\nf(x) =>\n    x\ns")!;
  expect(found).toEqual(expect.arrayContaining(["slow", "f", "if", "ta.sma", "close"]));
  expect(found).not.toContain("sma");
  expect(completed("//@version=4\ns")).toEqual(expect.arrayContaining(["sma", "close"]));
  expect(completed("//@version=6\n// s")).toBeNull();
  expect(completed("//@version=6\n")).toBeNull();
  expect(completed("//@version=6\n", true)).not.toBeNull();
});
