/** Colours for Pine: a tokenizer of a line at a time. Only texts may go on in the next line, and Pine's do not. */
import { StreamLanguage, type StreamParser, type StringStream } from "@codemirror/language";

const KEYWORDS = new Set(
  "and as break by const continue else enum export for if import in method not or series simple switch to type var varip while".split(" "),
);
const ATOMS = new Set(["true", "false", "na"]);
const TYPES = new Set("int float bool string color line label box table linefill polyline array matrix map chart.point".split(" "));

/** The style of the next token; `builtins` says whether a name (with its dots) is one of Pine's. */
export function token(stream: StringStream, builtins: (name: string) => boolean): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match(/^\/\/@\w*/)) {
    stream.skipToEnd();
    return "meta";
  }
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  const quote = stream.peek();
  if (quote === '"' || quote === "'") {
    stream.next();
    let escaped = false;
    for (let next = stream.next(); next; next = stream.next()) {
      if (next === quote && !escaped) break;
      escaped = !escaped && next === "\\";
    }
    return "string";
  }
  if (stream.match(/^#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b/)) return "color";
  if (stream.match(/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/)) return "number";
  const name = stream.match(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/) as RegExpMatchArray | null;
  if (name) {
    const word = name[0];
    if (KEYWORDS.has(word)) return "keyword";
    if (ATOMS.has(word)) return "atom";
    if (TYPES.has(word)) return "typeName";
    return builtins(word) ? "builtin" : stream.match(/^\s*\(/, false) ? "variableName.function" : "variableName";
  }
  if (stream.match(/^(?::=|=>|[+\-*/%]=|[=!<>]=|[+\-*/%<>=?:])/)) return "operator";
  stream.next();
  return null;
}

export function pine(builtins: (name: string) => boolean): StreamLanguage<unknown> {
  const parser: StreamParser<unknown> = {
    name: "pine",
    token: (stream) => token(stream, builtins),
    languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "[", '"', "'"] } },
  };
  return StreamLanguage.define(parser);
}
