"""Blocks, and the structures that hold them: ``if``, ``switch``, ``for``, ``while``."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.lexer import EOF, NAME, Token
from pinery.lang.parser.cursor import NEWLINE, Stop
from pinery.lang.parser.expressions import ExpressionParser
from pinery.lang.source import Span

STRUCTURES = frozenset(("if", "for", "while", "switch"))
_INDENT_HINT = "indent the lines of a block by four spaces or one tab more than the line above it"


class StructureParser(ExpressionParser):
    blocks = 0  # how many blocks are open around the current line

    def line(self, out: list[ast.Stmt]) -> None:
        """Read one logical line of statements into ``out``; provided by the statement parser."""
        raise NotImplementedError

    def value(self) -> ast.Expr:
        """What may stand right of ``=``, ``:=`` and ``=>``: an expression or a structure."""
        if self.kind in STRUCTURES:
            return self.structure()
        if self.kind in (NEWLINE, EOF):
            self.fail("P021", "a value is missing here", hint="write the value on the same line, or `na` for none")
        return self.expression()

    def structure(self) -> ast.Expr:
        level = self.nesting
        self.deeper()
        self.header = True
        kind = self.kind
        if kind == "if":
            found: ast.Expr = self._if()
        elif kind == "switch":
            found = self._switch()
        elif kind == "for":
            found = self._for()
        else:
            start = self.advance().start
            cond = self._header_expression("while")
            body = self.block("while")
            found = ast.While(self.span(start), cond, body)
        self.nesting = level
        return found

    # --- blocks -----------------------------------------------------------------------

    def block(self, owner: str) -> ast.Block:
        """The indented lines below a header. What is wrong with them is reported; the parser goes on after them."""
        self.header = False
        start = self.last_end
        if self.kind == NEWLINE and self.tok.indent > self.indent:
            return self._indented()
        if self.kind in (NEWLINE, EOF):
            place = self.span(start, start)
            self.report("P015", f"the block of this {owner} is missing", place, _INDENT_HINT)
            return ast.Block(place, [])
        body: list[ast.Stmt] = []
        if self.tok.indent >= 0:
            message = (
                f"the block of this {owner} is indented by {self.tok.indent} columns, which is not a multiple of four"
            )
            self.report("P016", message, self.tok, _INDENT_HINT)
            self.skip_line()
        else:
            message = f"the block of this {owner} starts on the same line"
            self.report("P017", message, self.tok, "move it to the next line and indent it by four spaces")
            self.line(body)
        return ast.Block(self.span(start), body)

    def _indented(self) -> ast.Block:
        level, outer = self.nesting, self.indent
        self.deeper()
        self.indent = self.tok.indent
        self.blocks += 1
        start = self.tok.start
        try:
            body = self.lines()
        finally:
            self.indent = outer
            self.blocks -= 1
        self.nesting = level
        return ast.Block(self.span(start), body)

    def lines(self) -> list[ast.Stmt]:
        """Every line of the block that begins at the current column."""
        column = self.indent
        body: list[ast.Stmt] = []
        orphans_reported = False
        while self.kind != EOF:
            if self.kind == NEWLINE:
                if self.tok.indent < column:
                    break
                if self.tok.indent > column and self.i > 0:
                    # A deeper line that nothing opened: after an error its header was given up.
                    if not (self.failed_line or orphans_reported):
                        message = "this line is indented, but the line above opens no block"
                        self.report("P014", message, self.tok, "remove the indentation")
                    orphans_reported = True
                    try:
                        self._indented()
                    except Stop:
                        self.begin_line()
                        self.skip_line()
                    continue
                self.begin_line()
            self.failed_line = False
            before = self.i
            self.line(body)
            if self.i == before and self.kind not in (NEWLINE, EOF):
                self.advance()
            orphans_reported = False
        return body

    failed_line = False  # the line just read had an error that cut it short

    def after_arrow(self, owner: str) -> ast.Block:
        """What follows ``=>``: a block, or statements on the same line."""
        if self.kind == NEWLINE:
            return self.block(owner)
        if self.kind == EOF:
            self.fail("P015", f"the {owner} has no result", hint="write its result after `=>`, or below it, indented")
        start = self.tok.start
        body: list[ast.Stmt] = []
        self.header = False
        self.line(body)
        return ast.Block(self.span(start), body)

    # --- headers ----------------------------------------------------------------------

    def _header_expression(self, owner: str) -> ast.Expr:
        """A condition. After an error the rest of the line is skipped, so that the block is still read."""
        start, level = self.tok.start, self.nesting
        try:
            if self.kind in (NEWLINE, EOF):
                self.fail("P010", f"the condition of this {owner} is missing")
            cond = self.expression()
            if self.kind in ("=", ":="):
                self.fail("P019", f"`{self.kind}` cannot stand in a condition", hint="use `==` to compare")
            self._no_colon()
            return cond
        except Stop:
            self.nesting = level
            self.skip_line()
            return ast.ErrorExpr(self.span(start))

    def _no_colon(self) -> None:
        if self.kind == ":":
            self.report("P010", "a header does not end with a colon", self.tok, "remove the `:`")
            self.advance()
            if self.tok.indent >= 0 and self.tok.kind != EOF:
                self.kind = NEWLINE

    def _if(self) -> ast.If:
        branches: list[tuple[Token, ast.Expr, ast.Block]] = []
        other: ast.Block | None = None
        word = self.advance()
        while True:
            cond = self._header_expression("if")
            branches.append((word, cond, self.block("if")))
            if not (self.kind == NEWLINE and self.tok.kind == "else" and self.tok.indent >= self.indent):
                break
            self.begin_line()
            self.header = True
            self.advance()
            if self.kind == "if":
                word = self.advance()
                continue
            self._no_colon()
            other = self.block("else")
            break
        end = self.last_end
        while True:
            word, cond, then = branches.pop()
            found = ast.If(self.span(word.start, end), cond, then, other)
            if not branches:
                return found
            other = ast.Block(found.span, [ast.ExprStmt(found.span, found)])

    def _switch(self) -> ast.Expr:
        start = self.advance()
        subject = None if self.kind in (NEWLINE, EOF) else self._header_expression("switch")
        self.header = False
        cases: list[ast.SwitchCase] = []
        if not (self.kind == NEWLINE and self.tok.indent > self.indent):
            place = self.tok if self.kind not in (NEWLINE, EOF) else start
            self.fail(
                "P030", "this switch has no cases", place, "write each case on a line of its own: value => result"
            )
        level, outer = self.nesting, self.indent
        self.deeper()
        column = self.indent = self.tok.indent
        self.blocks += 1
        try:
            while self.kind == NEWLINE and self.tok.indent >= column:
                self.begin_line()
                self._case(cases)
        finally:
            self.indent = outer
            self.blocks -= 1
        self.nesting = level
        return ast.Switch(self.span(start.start), subject, cases)

    def _case(self, cases: list[ast.SwitchCase]) -> None:
        start, level = self.tok.start, self.nesting
        try:
            match = None if self.kind == "=>" else self.expression()
            if self.kind != "=>":
                hint = "each line of a switch is: value => result, or => result for all others"
                self.fail("P030", f"expected `=>` after the case's value, found {self.found()}", hint=hint)
            self.advance()
            body = self.after_arrow("case")
            cases.append(ast.SwitchCase(self.span(start), match, body))
        except Stop:
            self.nesting = level
            self.failed_line = True
            self.skip_line()

    def _for(self) -> ast.Expr:
        start = self.advance().start
        level = self.nesting
        try:
            found = self._for_header(start)
        except Stop:
            self.nesting = level
            self.skip_line()
            place = self.span(start)
            error = ast.ErrorExpr(place)
            found = ast.ForIn(place, None, "_", place, error, ast.Block(place, []))
        found.body = self.block("for")
        found.span = self.span(start)
        return found

    def _for_header(self, start: int) -> ast.ForRange | ast.ForIn:
        nothing = ast.Block(self.span(start), [])
        if self.kind == "[":
            opener = self.advance()
            index = self._loop_name()
            if self.kind != ",":
                self.fail(
                    "P025", f"expected `,` after the index, found {self.found()}", hint="write for [i, x] in array"
                )
            self.advance()
            name = self._loop_name()
            self.close(opener)
            iterable = self._in()
            return ast.ForIn(self.span(start), str(index.value), str(name.value), self._place(name), iterable, nothing)
        typed = self.scan_typed_name(self.i)
        if typed > 0 and self.tokens[typed].value != "in":
            self.typed_until(typed)
        name = self._loop_name()
        if self.kind == NAME and self.tok.value == "in":
            iterable = self._in()
            return ast.ForIn(self.span(start), None, str(name.value), self._place(name), iterable, nothing)
        if self.kind != "=":
            hint = "write for i = 0 to 10, for x in array, or for [i, x] in array"
            self.fail("P025", f"expected `=` or `in` after the loop's variable, found {self.found()}", hint=hint)
        self.advance()
        first = self.expression()
        if not (self.kind == NAME and self.tok.value == "to"):
            self.fail("P025", f"expected `to`, found {self.found()}", hint="write for i = 0 to 10")
        self.advance()
        last = self.expression()
        step = None
        if self.kind == NAME and self.tok.value == "by":
            self.advance()
            step = self.expression()
        return ast.ForRange(self.span(start), str(name.value), self._place(name), first, last, step, nothing)

    def _loop_name(self) -> Token:
        return self.expect(NAME, "expected a variable's name", "P025", "write for i = 0 to 10, or for x in array")

    def _in(self) -> ast.Expr:
        if not (self.kind == NAME and self.tok.value == "in"):
            self.fail("P025", f"expected `in`, found {self.found()}", hint="write for [i, x] in array")
        self.advance()
        found = self.expression()
        if self.kind == NAME and self.tok.value == "to":
            self.fail("P025", "`in` takes an array, not a range", hint="a counting loop is: for i = 0 to 10")
        return found

    def _place(self, token: Token) -> Span:
        return self.span(token.start, token.end)
