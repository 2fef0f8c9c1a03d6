"""A place in the token list that knows Pine's rules of lines and indentation."""

from __future__ import annotations

from typing import NoReturn

from pinery.lang.lexer import COLOR, EOF, FLOAT, INT, NAME, STRING, Reporter, Token
from pinery.lang.source import Span

NEWLINE = "end of line"

ASSIGN_OPS = frozenset([":=", "+=", "-=", "*=", "/=", "%="])
_BINARY = frozenset(["*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "=", "?", ":", "and", "or", "."]) | ASSIGN_OPS
# A line that ends with one of these goes on in the next one.
_CONTINUES_AFTER = _BINARY | {"+", "-", "not", "(", "["}
# A line that starts with one of these goes on from the one before.
_CONTINUES_BEFORE = _BINARY | {",", ")", "]"}
_STATEMENT_WORDS = frozenset(["if", "else", "for", "while", "switch", "var", "varip"])
_NAMED = {NAME: "name", INT: "number", FLOAT: "number", STRING: "string", COLOR: "color"}


class Stop(Exception):
    """Ends the parsing of a statement after its error is reported."""


class Cursor:
    """``kind`` is the current token's kind, or NEWLINE when a new statement's line begins at it.

    Which lines begin a statement: outside brackets, those whose indentation is a multiple of four columns,
    unless the line before ends, or the line itself starts, with an operator that needs more.
    """

    def __init__(self, tokens: list[Token], reporter: Reporter) -> None:
        self.tokens = tokens
        self.reporter = reporter
        self.i = 0
        self.tok = tokens[0]
        self.indent = 0  # column of the block being read
        self.header = False  # inside the header of if, for, while, switch: a deeper line is its block
        self.kind = self.tok.kind
        self.last_end = 0  # where the last token taken ends

    # --- moving -----------------------------------------------------------------------

    def advance(self) -> Token:
        """Take the current token; the end of the script is never passed."""
        token = self.tok
        self.last_end = token.end
        if token.kind != EOF:
            self.goto(self.i + 1)
        return token

    def goto(self, i: int) -> None:
        self.i = i
        self.tok = self.tokens[i]
        self.kind = NEWLINE if self.starts_line(i) else self.tok.kind

    def begin_line(self) -> None:
        """Step over the NEWLINE before the current token."""
        self.kind = self.tok.kind

    def peek(self, ahead: int = 1) -> str:
        """Kind of a later token; NEWLINE if a new line begins there."""
        i = min(self.i + ahead, len(self.tokens) - 1)
        return NEWLINE if self.starts_line(i) else self.tokens[i].kind

    def starts_line(self, i: int) -> bool:
        token = self.tokens[i]
        if token.indent < 0 or token.depth or token.kind == EOF:
            return False
        if i == 0:
            return True
        column = token.indent
        if column % 4:
            return False
        before = self.tokens[i - 1].kind
        if token.kind == "=>" or before == "=>":
            return True
        if token.kind in _CONTINUES_BEFORE:
            return False
        if before in _CONTINUES_AFTER:
            return column <= self.indent and self._looks_like_statement(i)
        return not (token.kind in ("+", "-") and column > self.indent and not self.header and before != "else")

    def _looks_like_statement(self, i: int) -> bool:
        token = self.tokens[i]
        if token.kind in _STATEMENT_WORDS:
            return True
        following = self.tokens[i + 1].kind
        return token.kind == NAME and (following == "=" or following in ASSIGN_OPS)

    # --- errors -----------------------------------------------------------------------

    def span(self, start: int, end: int | None = None) -> Span:
        """From ``start`` to ``end``, or to the last token taken."""
        return self.reporter.span(start, max(start, self.last_end) if end is None else end)

    def report(self, code: str, message: str, token: Token | Span, hint: str | None = None) -> None:
        self.reporter.report(code, message, token.start, token.end, hint)

    def fail(self, code: str, message: str, token: Token | Span | None = None, hint: str | None = None) -> NoReturn:
        self.report(code, message, self.here() if token is None else token, hint)
        raise Stop

    def here(self) -> Span:
        """Where something is missing: the current token, or the end of the line just read."""
        if self.kind in (NEWLINE, EOF):
            return self.reporter.span(self.last_end, self.last_end)
        return self.reporter.span(self.tok.start, self.tok.end)

    def found(self) -> str:
        """The current token in words, for messages."""
        if self.kind in (NEWLINE, EOF):
            return f"the {self.kind}"
        text = self.reporter.source.text[self.tok.start : self.tok.end]
        shown = text if len(text) <= 30 else text[:27] + "…"
        word = _NAMED.get(self.kind)
        return f"{word} `{shown}`" if word else f"`{shown}`"

    def expect(self, kind: str, message: str, code: str = "P010", hint: str | None = None) -> Token:
        if self.kind != kind:
            self.fail(code, f"{message}, found {self.found()}", hint=hint)
        return self.advance()

    def close(self, opener: Token) -> Token:
        """Take the bracket that closes ``opener``."""
        wanted = ")" if opener.kind == "(" else "]"
        if self.kind != wanted:
            if opener.match < 0:
                self.fail("P011", f"this `{opener.kind}` is never closed", opener, f"add the missing `{wanted}`")
            self.fail(
                "P010", f"expected `{wanted}`, found {self.found()}", hint="a comma or an operator may be missing"
            )
        return self.advance()

    def skip_line(self) -> None:
        """Move to the end of the logical line."""
        while self.kind not in (NEWLINE, EOF):
            self.advance()
