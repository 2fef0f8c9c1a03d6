"""Types as scripts write them: ``float``, ``lib.Point``, ``map<string, float>``, ``int[]``."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.lexer import NAME
from pinery.lang.parser.cursor import Cursor

QUALIFIERS = frozenset(("const", "input", "simple", "series"))
_MAX_NESTING = 16


class TypeParser(Cursor):
    def scan_type(self, i: int, nesting: int = 0) -> int:
        """Index after the type that begins at token ``i``; -1 if none does."""
        tokens = self.tokens
        if tokens[i].kind != NAME or nesting > _MAX_NESTING:
            return -1
        i += 1
        while tokens[i].kind == "." and tokens[i + 1].kind == NAME:
            i += 2
        if tokens[i].kind == "<":
            i = self.scan_type_args(i, nesting)
            if i < 0:
                return -1
        if tokens[i].kind == "[" and tokens[i + 1].kind == "]":
            i += 2
        return i

    def scan_type_args(self, i: int, nesting: int = 0) -> int:
        """Index after ``<type, ...>`` that begins at token ``i``; -1 if it is something else."""
        while True:
            i = self.scan_type(i + 1, nesting + 1)
            if i < 0:
                return -1
            kind = self.tokens[i].kind
            if kind == ">":
                return i + 1
            if kind != ",":
                return -1

    def scan_typed_name(self, i: int) -> int:
        """Index of the name in ``[qualifier] type name`` beginning at token ``i``; -1 if there is none.
        The name stands on the same line as its type."""
        tokens = self.tokens
        if tokens[i].value in QUALIFIERS and tokens[i].kind == NAME and tokens[i + 1].kind == NAME:
            after = self.scan_type(i + 1)
            if after > 0 and tokens[after].kind == NAME and not self.starts_line(after):
                return after
        after = self.scan_type(i)
        if after > 0 and tokens[after].kind == NAME and not self.starts_line(after):
            return after
        return -1

    def typed_until(self, name_index: int) -> ast.TypeRef | None:
        """Read ``[qualifier] type`` up to the name found by ``scan_typed_name``. None for a bare qualifier."""
        start = self.tok.start
        qualifier = None
        if self.tok.value in QUALIFIERS and self.scan_type(self.i) != name_index:
            qualifier = str(self.advance().value)
        elif self.tok.value in QUALIFIERS and self.i + 1 == name_index:
            self.advance()
            return None
        found = self.type_ref()
        found.qualifier = qualifier
        found.span = self.span(start)
        return found

    def type_ref(self) -> ast.TypeRef:
        """Read a type that ``scan_type`` has seen."""
        start = self.tok.start
        name = str(self.advance().value)
        while self.kind == ".":
            self.advance()
            name += f".{self.advance().value}"
        args = self.type_args() if self.kind == "<" else []
        found = ast.TypeRef(self.span(start), name, args)
        if self.kind == "[" and self.tokens[self.i + 1].kind == "]":
            self.advance()
            self.advance()
            found = ast.TypeRef(self.span(start), "array", [found])
        return found

    def type_args(self) -> list[ast.TypeRef]:
        args = []
        while self.kind != ">":
            self.advance()  # "<" or ","
            args.append(self.type_ref())
        self.advance()
        return args
