import { StringStream } from "@codemirror/language";
import { expect, test } from "vitest";
import { token } from "../../src/editor/pine.ts";

const BUILTINS = new Set(["ta.sma", "close", "input.int", "input", "strategy", "strategy.entry"]);

/** The pieces of a line that have a style, as "text:style". */
function styles(line: string): string[] {
  const stream = new StringStream(line, 4, 4);
  const found: string[] = [];
  while (!stream.eol()) {
    stream.start = stream.pos;
    const style = token(stream, (name) => BUILTINS.has(name));
    expect(stream.pos).toBeGreaterThan(stream.start);
    if (style) found.push(`${stream.current()}:${style}`);
  }
  return found;
}

test.each([
  ["//@version=6", ["//@version=6:meta"]],
  ["// plain text", ["// plain text:comment"]],
  ["if close // why", ["if:keyword", "close:builtin", "// why:comment"]],
  ["float x = ta.sma(close, 14)", ["float:typeName", "x:variableName", "=:operator", "ta.sma:builtin", "close:builtin", "14:number"]],
  ["own(1) + obj.method(2)", ["own:variableName.function", "1:number", "+:operator", "obj.method:variableName.function", "2:number"]],
  ["input(5) + input.int(5)", ["input:builtin", "5:number", "+:operator", "input.int:builtin", "5:number"]],
  ["x := true ? na : #ff00AA80", ["x:variableName", ":=:operator", "true:atom", "?:operator", "na:atom", "::operator", "#ff00AA80:color"]],
  ["1.5e-3 .5 10", ["1.5e-3:number", ".5:number", "10:number"]],
  [String.raw`"say \"it\"" 'a\\' x`, [String.raw`"say \"it\"":string`, String.raw`'a\\':string`, "x:variableName"]],
  ['"never closed // no comment', ['"never closed // no comment:string']],
  ["f() => x == 1", ["f:variableName.function", "=>:operator", "x:variableName", "==:operator", "1:number"]],
])("colours of %s", (line, wanted) => {
  expect(styles(line)).toEqual(wanted);
});
