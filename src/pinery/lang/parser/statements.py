"""Statements: which one a line is, and how to go on after a broken one."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.lexer import EOF, FLOAT, INT, NAME
from pinery.lang.parser.cursor import ASSIGN_OPS, NEWLINE, Stop
from pinery.lang.parser.declarations import DeclarationParser
from pinery.lang.parser.structures import STRUCTURES


class Parser(DeclarationParser):
    def script(self) -> list[ast.Stmt]:
        """The statements of the whole script."""
        if self.kind != EOF and self.tok.indent > 0:
            self.indent = 0
            self.kind = NEWLINE
        body: list[ast.Stmt] = []
        while self.kind != EOF:
            body.extend(self.lines())
            if self.kind == NEWLINE and self.tok.indent < self.indent:
                break
        return body

    def line(self, out: list[ast.Stmt]) -> None:
        """One logical line: statements separated by commas. After an error the rest of the line is skipped."""
        level, blocks, indent = self.nesting, self.blocks, self.indent
        self.header = False
        try:
            while True:
                out.append(self.statement())
                if self.kind != ",":
                    break
                self.advance()
                if self.kind in (NEWLINE, EOF):
                    break
            self._end_of_line()
        except Stop:
            self.nesting, self.blocks, self.indent = level, blocks, indent
            self.failed_line = True
            self.skip_line()

    def statement(self) -> ast.Stmt:
        kind, start = self.kind, self.tok.start
        if kind in STRUCTURES:
            value = self.structure()
            return ast.ExprStmt(value.span, value)
        if kind in ("var", "varip"):
            self.advance()
            return self.variable(start, kind)
        if kind == "[" and self.tok.match >= 0 and self.tokens[self.tok.match + 1].kind in ("=", ":="):
            return self.tuple_declaration(start)
        if kind == "else":
            self.fail("P026", "this `else` belongs to no `if`", hint="indent it exactly like its `if`")
        if kind == NAME:
            found = self._named_statement(start)
            if found is not None:
                return found
        return self._expression_statement(start)

    def _named_statement(self, start: int) -> ast.Stmt | None:
        """A statement that begins with a name; None if it is an expression (or an assignment to one)."""
        word, following = self.tok.value, self.peek()
        if following == "=":
            return self.variable(start)
        if following in ASSIGN_OPS:
            return None
        if following == "(":
            return self.function(start) if self.is_function(self.i) else None
        if following in (NEWLINE, EOF, ","):
            if word == "break":
                self.advance()
                return ast.Break(self.span(start))
            if word == "continue":
                self.advance()
                return ast.Continue(self.span(start))
            return None
        if following in (NAME, INT, FLOAT) and word == "import" and self.peek(2) in ("/", "-", ".", NEWLINE, EOF):
            return self.import_statement()
        if following == NAME:
            if word == "export":
                return self.export()
            if word in ("type", "enum") and self.peek(2) in (NEWLINE, EOF):
                return self.type_declaration(start) if word == "type" else self.enum_declaration(start)
            if word == "method" and self.is_function(self.i + 1):
                self.advance()
                return self.function(start, is_method=True)
        return self._typed_declaration(start)

    def _typed_declaration(self, start: int) -> ast.Stmt | None:
        name_index = self.scan_typed_name(self.i)
        if name_index < 0:
            return None
        after = self.tokens[name_index + 1]
        ends = after.kind == EOF or self.starts_line(name_index + 1)
        if after.kind in ("=", ":=") or ends or after.kind == ",":
            return self.variable(start)
        return None

    def _expression_statement(self, start: int) -> ast.Stmt:
        target = self.expression()
        if self.kind in ASSIGN_OPS:
            operator = self.advance()
            if not isinstance(target, (ast.Name, ast.Attribute)):
                hint = "a past value cannot be changed" if isinstance(target, ast.Index) else None
                if isinstance(target, ast.TupleExpr):
                    hint = "tuples are only declared: [a, b] = f()"
                self.report("P020", f"`{operator.kind}` needs a variable or a field on its left", target.span, hint)
            value = self.value()
            if self.kind in ASSIGN_OPS or self.kind == "=":
                self.fail(
                    "P018", "a statement assigns one value", hint="assign each variable in a statement of its own"
                )
            return ast.Assign(self.span(start), target, operator.kind, value)
        if self.kind == "=":
            hint = "use `:=` to change a field, and `==` to compare"
            if isinstance(target, ast.Index):
                hint = "a past value cannot be changed; use `==` to compare"
            self.fail("P020", "`=` declares a variable, and this is not a variable's name", target.span, hint)
        return ast.ExprStmt(target.span, target)

    def _end_of_line(self) -> None:
        kind, token = self.kind, self.tok
        if kind in (NEWLINE, EOF):
            return
        if kind in (")", "]") and token.match < 0:
            self.fail("P012", f"this `{kind}` closes nothing", hint="remove it, or open a bracket before it")
        if kind == "else":
            self.fail("P026", "this `else` belongs to no `if`", hint="indent it exactly like its `if`")
        if kind == "=>":
            hint = "a function is declared as name(parameters) => result"
            self.fail("P013", "`=>` cannot stand here", hint=hint)
        if token.indent >= 0:
            message = (
                f"this line is indented by {token.indent} columns, so it continues the line above, which is complete"
            )
            hint = "indent statements by a multiple of four columns; end or start a wrapped line with an operator"
            self.fail("P013", message, hint=hint)
        hint = "an operator, a comma or a line break may be missing before it"
        self.fail("P013", f"the statement is complete here, but its line goes on with {self.found()}", hint=hint)
