"""Turns a script's text into tokens.

Layout (what starts a statement, what continues a line) is the parser's matter; the lexer only records
the column of each line's first token and how many brackets are open there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isinf

from pinery.lang.ast import Annotation
from pinery.lang.codes import CODES
from pinery.lang.diagnostics import Diagnostics
from pinery.lang.source import Source, Span

TAB = 4
MAX_ERRORS = 100
INT_MAX = 2**63 - 1
NEWEST_VERSION = 6

KEYWORDS = frozenset(["and", "or", "not", "if", "else", "for", "while", "switch", "var", "varip", "true", "false"])
# Keywords that came with version 5: in older scripts they may be variables.
YOUNG_KEYWORDS = ("switch", "while")

NAME, INT, FLOAT, STRING, COLOR, EOF = "name", "int", "float", "string", "color", "end of script"


@dataclass(slots=True, eq=False)
class Token:
    """``kind`` is a keyword, an operator, or one of NAME, INT, FLOAT, STRING, COLOR, EOF.

    ``indent`` is the column of a line's first token and -1 for the others; ``depth`` counts the brackets
    open around the token; ``match`` is the index of a bracket's partner, -1 when it has none.
    """

    kind: str
    value: str | int | float
    start: int
    end: int
    indent: int = -1
    depth: int = 0
    match: int = -1


@dataclass(slots=True)
class Lexed:
    tokens: list[Token]
    version: int
    version_span: Span | None
    annotations: list[Annotation]


class Reporter:
    """Adds the findings of one file and stops after ``MAX_ERRORS`` of them."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.count = 0

    def span(self, start: int, end: int) -> Span:
        return Span(start, end, self.source.index)

    def report(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        self.count += 1
        if self.count < MAX_ERRORS:
            self.diagnostics.add(code, CODES[code].severity, message, self.span(start, end), hint)
        elif self.count == MAX_ERRORS:
            text = f"more than {MAX_ERRORS} findings: the rest is left out"
            self.diagnostics.add("P029", CODES["P029"].severity, text, self.span(start, end))


# Zero-width characters take no column; the others here count as one blank.
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_BLANKS = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\x0b\x0c\x85\u2028\u2029" + _ZERO_WIDTH

_SPACE = re.compile(f"[{_BLANKS}]+")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"//[^\r\n]*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COLOR = re.compile(r"#\w*")
_OPERATOR = re.compile(r"=>|:=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|[-+*/%<>=?:,.()\[\]]")
_FOREIGN = re.compile(r"!==|===|&&|\|\||!(?!=)|\+\+|--|\*\*|->|<>|[;{}&|^~]")
_ANNOTATION = re.compile(r"//\s*@(\w+)[ \t]*(=?)[ \t]*(.*)", re.DOTALL)
_QUOTED = {q: re.compile(rf"(?:[^{q}\\\r\n]|\\[^\r\n])*") for q in "\"'"}
_TRIPLE = {q: re.compile(rf"{q * 3}((?:[^{q}\\]|\\.|{q}(?!{q * 2}))*){q * 3}", re.DOTALL) for q in "\"'"}
_SMART = re.compile(r"[“”„‟«»][^“”„‟«»\r\n]*[“”„‟«»]?|[‘’‚‛`´][^‘’‚‛`´\r\n]*[‘’‚‛`´]?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t"}

_FOREIGN_HINTS = {
    "&&": ("and", "write `and`"),
    "||": ("or", "write `or`"),
    "!": ("not", "write `not`"),
    "++": (None, "write `x += 1`"),
    "--": (None, "write `x -= 1`"),
    "===": ("==", "write `==`"),
    "!==": ("!=", "write `!=`"),
    "**": ("*", "write `math.pow(x, y)`"),
    "->": ("=>", "write `=>`"),
    "<>": ("!=", "write `!=`"),
    ";": (None, "statements end with their line; separate several on one line by commas"),
    "{": (None, "blocks are marked by indentation of four spaces, not by braces"),
    "}": (None, "blocks are marked by indentation of four spaces, not by braces"),
    "&": ("and", "write `and`"),
    "|": ("or", "write `or`"),
    "^": ("*", "write `math.pow(x, y)`"),
    "~": (None, None),
}


def unescape(text: str) -> str:
    """Resolve ``\\n`` and ``\\t``; any other escaped character stands for itself."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), text)


def width(blanks: str) -> int:
    """Columns that a line's leading white space takes."""
    if not blanks or (blanks.isspace() and blanks.count(" ") == len(blanks)):
        return len(blanks)
    return sum(TAB if c == "\t" else 0 if c in _ZERO_WIDTH else 1 for c in blanks)


@dataclass(slots=True)
class Lexer:
    source: Source
    reporter: Reporter
    tokens: list[Token] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    version: int | None = None
    version_span: Span | None = None
    more_versions: list[tuple[int, Span]] = field(default_factory=list)
    pos: int = 0
    indent: int = 0  # column of the line's first token until that token is made, then -1

    def run(self) -> Lexed:
        text, size = self.source.text, len(self.source.text)
        while self.pos < size:
            c = text[self.pos]
            if c in "\r\n":
                self.pos = _match(_NEWLINE, text, self.pos).end()
                self.indent = 0
            elif space := _SPACE.match(text, self.pos):
                if self.indent >= 0:
                    self.indent += width(space[0])
                self.pos = space.end()
            elif c == "/" and text.startswith("//", self.pos):
                self._comment()
            elif word := _WORD.match(text, self.pos):
                self._word(word)
            elif c.isdigit() or (c == "." and text[self.pos + 1 : self.pos + 2].isdigit()):
                self._number()
            elif c in "\"'":
                self._string(c)
            elif c == "#":
                self._color()
            else:
                self._operator()
        self._emit(EOF, "", size)
        version = self._settle_version()
        if version < 5:
            self._free_young_keywords()
        match_brackets(self.tokens)
        return Lexed(self.tokens, version, self.version_span, self.annotations)

    # --- helpers ----------------------------------------------------------------------

    def _emit(self, kind: str, value: str | int | float, end: int) -> None:
        self.tokens.append(Token(kind, value, self.pos, end, self.indent))
        self.indent = -1
        self.pos = end

    def _comment(self) -> None:
        text = self.source.text
        found = _match(_COMMENT, text, self.pos)
        note = _ANNOTATION.match(found[0])
        if note:
            span = self.reporter.span(self.pos, found.end())
            if note[1] == "version":
                self._version(note[3], span)
            self.annotations.append(Annotation(span, note[1], note[3].rstrip()))
        self.pos = found.end()

    def _version(self, text: str, span: Span) -> None:
        digits = re.match(r"\d+", text)
        number = int(digits[0][:9]) if digits else 0
        if self.version is not None:
            self.more_versions.append((number, span))
            return
        if not 1 <= number <= NEWEST_VERSION:
            message = f"Pine has no version {digits[0][:9] if digits else text.strip()[:20]!r}"
            self.reporter.report("P092", message, span.start, span.end, f"write //@version={NEWEST_VERSION}")
            number = NEWEST_VERSION
        self.version, self.version_span = number, span

    def _settle_version(self) -> int:
        if self.version is not None:
            self._choose_version()
            return self.version
        if len(self.tokens) > 1:
            first = self.tokens[0]
            message = "the script has no //@version line: it is read by the rules of Pine version 1"
            hint = (
                f"if it is a newer script, add its version as the first line, for example //@version={NEWEST_VERSION}"
            )
            self.reporter.report("P090", message, first.start, first.end, hint)
        return 1

    def _choose_version(self) -> None:
        """Of several version lines the first counts that goes with the script's declaration."""
        assert self.version is not None and self.version_span is not None
        lines = [(self.version, self.version_span), *self.more_versions]
        if len({number for number, _ in lines}) == 1:
            return
        names = {token.value for token in self.tokens if token.kind == NAME}
        fitting = [
            (number, span)
            for number, span in lines
            if 1 <= number <= NEWEST_VERSION and not (names & ({"indicator"} if number < 5 else {"study"}))
        ]
        self.version, self.version_span = (fitting or lines)[0]
        for number, span in lines:
            if number != self.version:
                message = f"the script has two version lines; this one is ignored, version {self.version} counts"
                self.reporter.report("P091", message, span.start, span.end, "remove this line")

    def _free_young_keywords(self) -> None:
        for word in YOUNG_KEYWORDS:
            uses = [i for i, t in enumerate(self.tokens) if t.kind == word]
            if any(self.tokens[i + 1].kind in ("=", ":=", ",") for i in uses):
                for i in uses:
                    self.tokens[i].kind = NAME

    def _word(self, word: re.Match[str]) -> None:
        value = word[0]
        if not value.isascii():
            self.reporter.report(
                "P007",
                f"the name `{value[:40]}` has letters that Pine's names cannot have",
                word.start(),
                word.end(),
                "use a-z, A-Z, 0-9 and _",
            )
        self._emit(value if value in KEYWORDS else NAME, value, word.end())

    def _number(self) -> None:
        text = self.source.text
        found = _NUMBER.match(text, self.pos)
        if not found:  # a digit of another script, such as a superscript
            self._unknown()
            return
        literal, end = found[0], found.end()
        tail = _WORD.match(text, end)
        if tail:
            whole = literal + tail[0]
            plain = whole.replace("_", "")
            hint = f"write {plain}" if _NUMBER.fullmatch(plain) else "put an operator or a space between them"
            self.reporter.report("P003", f"`{whole[:40]}` is not a number", self.pos, tail.end(), hint)
            self._emit(INT, 0, tail.end())
        elif literal.isdigit() and (len(literal) < 19 or (len(literal) < 400 and int(literal) <= INT_MAX)):
            self._emit(INT, int(literal), end)
        else:
            value = float(literal)
            if isinf(value):
                self.reporter.report("P003", "the number is too large", self.pos, end, "the largest float is 1.797e308")
                value = 0.0
            self._emit(FLOAT, value, end)

    def _color(self) -> None:
        found = _match(_COLOR, self.source.text, self.pos)
        digits = found[0][1:]
        value = 0x000000FF
        if len(digits) in (6, 8) and re.fullmatch("[0-9A-Fa-f]+", digits):
            value = int(digits if len(digits) == 8 else digits + "FF", 16)
        else:
            hint = "write #RRGGBB or #RRGGBBAA, for example #FF9800"
            self.reporter.report("P004", f"`{found[0][:40]}` is not a color", self.pos, found.end(), hint)
        self._emit(COLOR, value, found.end())

    def _string(self, quote: str) -> None:
        text = self.source.text
        if text.startswith(quote * 3, self.pos) and (block := _TRIPLE[quote].match(text, self.pos)):
            self._emit(STRING, unescape(_NEWLINE.sub("\n", block[1])), block.end())
            return
        body = _match(_QUOTED[quote], text, self.pos + 1)
        end = body.end()
        if text.startswith(quote, end):
            self._emit(STRING, unescape(body[0]), end + 1)
            return
        wrapped = self._wrapped_string(quote, end)
        if wrapped is None:
            line_end = _next_line_end(text, end)
            hint = f"close it with {quote}; a {quote} inside the string is written \\{quote}"
            self.reporter.report("P002", "the string does not end on its line", self.pos, line_end, hint)
            self._emit(STRING, unescape(text[self.pos + 1 : end]), line_end)
            return
        parts, stop = wrapped
        self._emit(STRING, unescape(" ".join([body[0], *parts])), stop)

    def _wrapped_string(self, quote: str, end: int) -> tuple[list[str], int] | None:
        """The rest of a string that is wrapped over lines: each further line, without its indentation, adds one
        space and its text. None if the lines below do not look like that."""
        text = self.source.text
        parts: list[str] = []
        for _ in range(60):
            newline = _NEWLINE.match(text, end)
            if not newline:
                return None
            blanks = _SPACE.match(text, newline.end())
            if not blanks:
                return None
            body = _match(_QUOTED[quote], text, blanks.end())
            parts.append(body[0])
            end = body.end()
            if text.startswith(quote, end):
                rest = text[end + 1 : min(_next_line_end(text, end), end + 2000)]
                return (parts, end + 1) if _balanced_quotes(rest) else None
        return None

    def _operator(self) -> None:
        text = self.source.text
        foreign = _FOREIGN.match(text, self.pos)
        found = _OPERATOR.match(text, self.pos)
        if text.startswith("/*", self.pos):
            close = text.find("*/", self.pos)
            stop = close + 2 if close >= 0 else _next_line_end(text, self.pos)
            self.reporter.report("P008", "Pine has no /* */ comments", self.pos, stop, "start each line with //")
            self.pos = stop
        elif foreign and self._is_foreign(foreign[0]):
            meant, hint = _FOREIGN_HINTS[foreign[0]]
            self.reporter.report("P006", f"Pine has no `{foreign[0]}`", self.pos, foreign.end(), hint)
            if meant:
                self._emit(meant, meant, foreign.end())
            else:
                self.pos = foreign.end()
        elif found:
            self._emit(found[0], found[0], found.end())
        elif smart := _SMART.match(text, self.pos):
            hint = "replace the curly quotes by straight ones"
            message = "the string has typographic quotes" if len(smart[0]) > 1 else f"unexpected quote `{smart[0]}`"
            self.reporter.report("P005", message, self.pos, smart.end(), hint)
            self._emit(STRING, smart[0][1:-1], smart.end())
        elif text[self.pos].isalpha():
            stop = self.pos + 1
            while stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
                stop += 1
            name = text[self.pos : stop]
            message = f"the name `{name[:40]}` has letters that Pine's names cannot have"
            self.reporter.report("P007", message, self.pos, stop, "use a-z, A-Z, 0-9 and _")
            self._emit(NAME, name, stop)
        else:
            self._unknown()

    def _is_foreign(self, operator: str) -> bool:
        """``--x`` and ``a - -b`` written tightly are Pine's own signs; ``x++`` and ``x--`` are not."""
        if operator in ("++", "--"):
            following = self.source.text[self.pos + 2 : self.pos + 3]
            return following in ("", "\r", "\n", ")", "]", ",", " ") and self._last_is_value()
        return True

    def _last_is_value(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].kind in (NAME, ")", "]")

    def _unknown(self) -> None:
        text = self.source.text
        c = text[self.pos]
        stop = self.pos + 1
        while (
            stop < len(text) and not (text[stop].isascii() and text[stop].isprintable()) and text[stop] not in "\r\n\t"
        ):
            stop += 1
        shown = f"`{c}`" if c.isprintable() else f"U+{ord(c):04X}"
        self.reporter.report("P001", f"unexpected character {shown}", self.pos, stop, "remove it")
        self.pos = stop


def _match(pattern: re.Pattern[str], text: str, pos: int) -> re.Match[str]:
    found = pattern.match(text, pos)
    assert found is not None  # these patterns match at every place they are tried
    return found


def _next_line_end(text: str, pos: int) -> int:
    found = re.compile(r"[\r\n]").search(text, pos)
    return found.start() if found else len(text)


def _balanced_quotes(rest: str) -> bool:
    """Whether every string that starts in ``rest`` also ends there (comments aside)."""
    pos = 0
    while pos < len(rest):
        c = rest[pos]
        if c in "\"'":
            pos = _match(_QUOTED[c], rest, pos + 1).end()
            if pos >= len(rest):
                return False
        elif rest.startswith("//", pos):
            return True
        pos += 1
    return True


# --- brackets -------------------------------------------------------------------------

_CLOSES = {")": "(", "]": "["}
_HEADERS = frozenset(("if", "else", "for", "while"))
_ANY_COLUMN = 1 << 30
_STRONG = frozenset(("if", "for", "while", "var", "varip", "else"))
_OPEN_END = frozenset(
    [
        "(",
        "[",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">",
        "<=",
        ">=",
        "==",
        "!=",
        "=",
        ":=",
        "?",
        ":",
        "and",
        "or",
        "not",
        ".",
        "=>",
    ]
)


def match_brackets(tokens: list[Token]) -> None:
    """Pair brackets and note the depth of every token.

    Only when some bracket stays open is a second look taken that lets a line which can only be a new
    statement end it, so that one missing ``)`` does not swallow the rest of the script.
    """
    if not _pair(tokens, patient=True):
        _pair(tokens, patient=False)


def _pair(tokens: list[Token], patient: bool) -> bool:
    stack: list[tuple[int, int]] = []  # index of the bracket, column of its line
    column, clean = 0, True
    for i, token in enumerate(tokens):
        if token.indent >= 0:
            if stack and not patient and _starts_statement(tokens, i, stack[-1][1]):
                stack.clear()
            if not stack:
                # Below an if or a loop, a deeper line is a statement as well.
                column = _ANY_COLUMN if token.kind in _HEADERS else token.indent
        token.match = -1
        kind = token.kind
        if kind in _CLOSES:
            wanted = _CLOSES[kind]
            at = next(
                (n for n in range(len(stack) - 1, max(-1, len(stack) - 50), -1) if tokens[stack[n][0]].kind == wanted),
                -1,
            )
            if at < 0:
                clean = False
            else:
                opener = stack[at][0]
                if at != len(stack) - 1:
                    clean = False
                token.match, tokens[opener].match = opener, i
                del stack[at:]
        token.depth = len(stack)
        if kind in ("(", "["):
            stack.append((i, column))
    return clean and not stack


def _starts_statement(tokens: list[Token], i: int, column: int) -> bool:
    token = tokens[i]
    if token.kind in _STRONG:
        return token.kind != "else" or tokens[i - 1].kind not in _OPEN_END
    following = tokens[i + 1].kind if i + 1 < len(tokens) else EOF
    if token.kind == NAME and following in (":=", "+=", "-=", "*=", "/=", "%="):
        return True
    if token.indent > column or token.indent % 4:
        return False
    return token.kind in (NAME, "[") and tokens[i - 1].kind not in _OPEN_END


def lex(source: Source, reporter: Reporter) -> Lexed:
    """All tokens of ``source``; never raises on any text."""
    return Lexer(source, reporter).run()
