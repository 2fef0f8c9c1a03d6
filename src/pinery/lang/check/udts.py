"""User-defined types and enums."""

from __future__ import annotations

from pinery.lang import ast, typed
from pinery.lang.check.statements import Statements
from pinery.lang.diagnostics import Note
from pinery.lang.types import Kind, Type


class Udts(Statements):
    """Layer of types. Their names are known from the start, so that fields may refer to any of them."""

    def announce_types(self, body: list[ast.Stmt]) -> None:
        """Enter the names of all types and enums of the module."""
        module = self.module
        first: dict[str, ast.TypeDecl | ast.EnumDecl] = {}
        for stmt in body:
            if not isinstance(stmt, ast.TypeDecl | ast.EnumDecl):
                continue
            if stmt.name in first:
                note = Note("first declared here", first[stmt.name].name_span)
                self.error("E121", f"the type `{stmt.name}` is already declared", stmt.name_span, None, note)
                continue
            first[stmt.name] = stmt
            unique = f"{module.name}.{stmt.name}" if module.name else stmt.name
            if isinstance(stmt, ast.TypeDecl):
                udt = typed.Udt(Type(unique, Kind.UDT), [], stmt.span)
                module.udts[stmt.name] = udt
                self.udts.append(udt)
                self.udt_of[udt.type] = udt
            else:
                enum = typed.Enum(Type(unique, Kind.ENUM), {}, stmt.span)
                module.enums[stmt.name] = enum
                self.enums.append(enum)
                self.enum_of[enum.type] = enum
            if stmt.exported:
                module.exported.add(stmt.name)

    def announce_fields(self, body: list[ast.Stmt]) -> None:
        """Fill in fields and members; defaults follow where the type is declared."""
        for stmt in body:
            if isinstance(stmt, ast.TypeDecl):
                self._fields(stmt)
            elif isinstance(stmt, ast.EnumDecl):
                self._members(stmt)

    def _fields(self, decl: ast.TypeDecl) -> None:
        udt = self.module.udts.get(decl.name)
        if udt is None or udt.span != decl.span:
            return
        seen: set[str] = set()
        for field in decl.fields:
            if field.name in seen:
                self.error("E121", f"the field `{field.name}` is already declared", field.span)
                continue
            seen.add(field.name)
            udt.fields.append(typed.UdtField(field.name, self.resolve_type(field.type), None, field.varip))

    def _members(self, decl: ast.EnumDecl) -> None:
        enum = self.module.enums.get(decl.name)
        if enum is None or enum.span != decl.span:
            return
        for member in decl.members:
            if member.name in enum.members:
                self.error("E121", f"the member `{member.name}` is already declared", member.span)
                continue
            title = member.name
            if member.title is not None:
                value = self.expr(member.title)
                if isinstance(value, typed.TConst) and isinstance(value.value, str):
                    title = value.value
                elif value.type.kind is not Kind.ERROR:
                    self.error("E123", "the title of an enum's member is a constant string", member.title.span)
            enum.members[member.name] = title

    def field_defaults(self, decl: ast.TypeDecl) -> None:
        udt = self.module.udts.get(decl.name)
        if udt is None or udt.span != decl.span:
            return
        fields = {f.name: f for f in udt.fields}
        for written in decl.fields:
            if written.default is None:
                continue
            value = self.expr(written.default)
            field = fields[written.name]
            converted = self.convert(value, field.type)
            if converted is None:
                message = f"the field `{field.name}` is {field.type}, its default is {value.type}"
                self.error("E123", message, written.default.span)
            elif field.default is None:
                field.default = converted
