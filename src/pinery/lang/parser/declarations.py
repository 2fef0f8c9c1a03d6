"""Declarations: variables, functions and methods, types, enums, imports."""

from __future__ import annotations

import re
from collections.abc import Callable

from pinery.lang import ast
from pinery.lang.lexer import EOF, NAME
from pinery.lang.parser.cursor import NEWLINE, Stop
from pinery.lang.parser.structures import StructureParser
from pinery.lang.parser.typerefs import QUALIFIERS
from pinery.lang.source import Span

_IMPORT = re.compile(r"import\s+([\w.\-]+)\s*/\s*(\w+)\s*/\s*(\d{1,9})(?:\s+as\s+(\w+))?\s*")
_IMPORT_HINT = "write import user/library/1, or import user/library/1 as name"


class DeclarationParser(StructureParser):
    # --- variables --------------------------------------------------------------------

    def variable(self, start: int, mode: str | None = None, exported: bool = False) -> ast.Stmt:
        """``[type] name = value`` after an optional ``var``, ``varip`` or ``export``."""
        if self.kind == "[":
            return self.tuple_declaration(start, mode)
        type_ref = None
        if self.kind == NAME and self.peek() != "=":
            name_index = self.scan_typed_name(self.i)
            if name_index > 0:
                type_ref = self.typed_until(name_index)
        if self.kind != NAME:
            self.fail("P021", f"expected a variable's name, found {self.found()}", hint="write var name = value")
        name = self.advance()
        if self.kind != "=":
            hint: str | None
            if self.kind in (NEWLINE, EOF):
                hint = f"write {name.value} = na to start without a value"
                self.fail("P021", f"`{name.value}` is declared without a value", name, hint)
            hint = "a declaration uses `=`; `:=` is for later changes" if self.kind == ":=" else None
            self.fail("P021", f"expected `=` after `{name.value}`, found {self.found()}", hint=hint)
        self.advance()
        value = self.value()
        if self.kind == "=":
            self.fail("P018", "a statement assigns one value", hint="declare each variable in a statement of its own")
        place = self.span(name.start, name.end)
        return ast.VarDecl(self.span(start), str(name.value), place, value, type_ref, mode, exported)

    def tuple_declaration(self, start: int, mode: str | None = None) -> ast.Stmt:
        """``[a, b] = value``."""
        opener = self.advance()
        names: list[str] = []
        places: list[Span] = []
        while self.kind != "]":
            if self.kind == NAME:
                typed = self.scan_typed_name(self.i)
                if typed > 0:
                    self.fail("P021", "variables of a tuple are declared without types", hint="write [a, b] = f()")
            hint = "write [a, b] = f(); a value that is not needed is called _"
            token = self.expect(NAME, "expected a variable's name", "P021", hint)
            names.append(str(token.value))
            places.append(self.span(token.start, token.end))
            if self.kind != ",":
                break
            self.advance()
        self.close(opener)
        if self.kind != "=":
            self.fail(
                "P021",
                f"expected `=` after the tuple, found {self.found()}",
                hint="tuples are only declared: [a, b] = f()",
            )
        self.advance()
        value = self.value()
        return ast.TupleDecl(self.span(start), names, places, value, mode)

    # --- functions --------------------------------------------------------------------

    def is_function(self, i: int) -> bool:
        """Whether ``name(…) =>`` begins at token ``i``."""
        tokens = self.tokens
        if tokens[i].kind != NAME or tokens[i + 1].kind != "(" or tokens[i + 1].match < 0:
            return False
        after = tokens[i + 1].match + 1
        return tokens[after].kind == "=>" and not self.starts_line(after)

    def function(self, start: int, is_method: bool = False, exported: bool = False) -> ast.Stmt:
        name = self.advance()
        if self.blocks:
            message = f"the function `{name.value}` is declared inside a block"
            self.report("P027", message, name, "declare it before, at the start of a line")
        params = self._parameters()
        self.expect("=>", "expected `=>` after the parameters", "P022", "write f(x) => result")
        body = self.after_arrow("function")
        place = self.span(name.start, name.end)
        return ast.FunctionDecl(self.span(start), str(name.value), place, params, body, is_method, exported)

    def _parameters(self) -> list[ast.ParamDecl]:
        opener = self.advance()
        params = []
        while self.kind != ")":
            try:
                params.append(self._parameter())
                if self.kind == ",":
                    self.advance()
                elif self.kind != ")":
                    hint = "a parameter is: name, type name, or type name = default"
                    self.fail("P022", f"expected `,` or `)`, found {self.found()}", hint=hint)
            except Stop:
                if opener.match < 0 or self.i > opener.match:
                    raise
                self._skip_argument(opener)
        self.advance()
        return params

    def _parameter(self) -> ast.ParamDecl:
        start = self.tok.start
        if self.kind != NAME:
            self.fail("P022", f"expected a parameter's name, found {self.found()}")
        type_ref = None
        if self.peek() not in (",", ")", "="):
            name_index = self.scan_typed_name(self.i)
            if name_index > 0:
                type_ref = self.typed_until(name_index)
        name = self.advance()
        default = None
        if self.kind == "=":
            self.advance()
            default = self.expression()
        return ast.ParamDecl(self.span(start), str(name.value), type_ref, default)

    # --- types, enums, imports --------------------------------------------------------

    def type_declaration(self, start: int, exported: bool = False) -> ast.Stmt:
        self.advance()
        name = self.advance()
        self._top_level("type", name.start, name.end)
        fields: list[ast.FieldDecl] = []
        self._members("type", lambda: fields.append(self._field()))
        place = self.span(name.start, name.end)
        return ast.TypeDecl(self.span(start), str(name.value), place, fields, exported)

    def enum_declaration(self, start: int, exported: bool = False) -> ast.Stmt:
        self.advance()
        name = self.advance()
        self._top_level("enum", name.start, name.end)
        members: list[ast.EnumMember] = []
        self._members("enum", lambda: members.append(self._member()))
        place = self.span(name.start, name.end)
        return ast.EnumDecl(self.span(start), str(name.value), place, members, exported)

    def _top_level(self, what: str, start: int, end: int) -> None:
        if self.blocks:
            message = f"`{what}` can only be used outside blocks"
            self.report("P027", message, self.span(start, end), "move it to the start of a line")

    def _members(self, owner: str, read: Callable[[], None]) -> None:
        """One member per indented line; an error in one does not hide the others."""
        if not (self.kind == NEWLINE and self.tok.indent > self.indent):
            hint = "write one field per line, indented: float price = na"
            if owner == "enum":
                hint = 'write one member per line, indented: name = "title"'
            self.fail("P024", f"this {owner} has no indented lines below it", hint=hint)
        outer, column = self.indent, self.tok.indent
        self.indent = column
        try:
            while self.kind == NEWLINE and self.tok.indent >= column:
                self.begin_line()
                try:
                    read()
                    while self.kind == ",":
                        self.advance()
                        if self.kind not in (NEWLINE, EOF):
                            read()
                    if self.kind not in (NEWLINE, EOF):
                        self.fail("P024", f"expected the end of the line, found {self.found()}")
                except Stop:
                    self.skip_line()
        finally:
            self.indent = outer

    def _field(self) -> ast.FieldDecl:
        start = self.tok.start
        varip = self.kind == "varip"
        if self.kind in ("var", "varip"):
            self.advance()
        name_index = self.scan_typed_name(self.i) if self.kind == NAME else -1
        if name_index < 0:
            self.fail("P024", "a field needs a type and a name", hint="write one field per line: float price = na")
        type_ref = self.typed_until(name_index)
        if type_ref is None:
            self.fail("P024", "a field needs a type and a name", hint="write one field per line: float price = na")
        name = self.advance()
        default = None
        if self.kind == "=":
            self.advance()
            default = self.expression()
        return ast.FieldDecl(self.span(start), str(name.value), type_ref, default, varip)

    def _member(self) -> ast.EnumMember:
        name = self.expect(NAME, "expected a member's name", "P024", 'write one member per line: name = "title"')
        title = None
        if self.kind == "=":
            self.advance()
            title = self.expression()
        return ast.EnumMember(self.span(name.start), str(name.value), title)

    def import_statement(self) -> ast.Stmt:
        start = self.advance().start
        self._top_level("import", start, self.last_end)
        while self.kind not in (NEWLINE, EOF, ","):
            self.advance()
        span = self.span(start)
        found = _IMPORT.fullmatch(self.reporter.source.text, span.start, span.end)
        if not found:
            self.fail("P023", "this import cannot be read", span, _IMPORT_HINT)
        return ast.Import(span, found[1], found[2], int(found[3]), found[4])

    def export(self) -> ast.Stmt:
        start = self.advance().start
        self._top_level("export", start, self.last_end)
        word, following = self.tok.value, self.tokens[self.i + 1].kind
        if word in ("type", "enum") and following == NAME and self.peek(2) in (NEWLINE, EOF):
            return self.type_declaration(start, True) if word == "type" else self.enum_declaration(start, True)
        if word == "method" and following == NAME:
            self.advance()
            return self.function(start, is_method=True, exported=True)
        if self.is_function(self.i):
            return self.function(start, exported=True)
        if following != "=" and word not in QUALIFIERS and self.scan_typed_name(self.i) < 0:
            self.fail("P021", "only functions, methods, types, enums and constants are exported")
        return self.variable(start, exported=True)
