"""Helpers of the language tests: read a script, show its tree as compact text."""

from __future__ import annotations

from dataclasses import fields

from pinery.lang import ast
from pinery.lang.diagnostics import Diagnostic, Diagnostics, Severity
from pinery.lang.parser import parse
from pinery.lang.source import Source


def read(text: str) -> tuple[ast.Script, list[Diagnostic]]:
    """Tree and findings; the finding about a missing version line is left out."""
    diagnostics = Diagnostics()
    script = parse(Source(text), diagnostics)
    return script, [d for d in diagnostics.sorted() if d.code != "P090"]


def codes(text: str) -> list[str]:
    return [d.code for d in read(text)[1]]


def errors(text: str) -> list[str]:
    return [d.code for d in read(text)[1] if d.severity is Severity.ERROR]


def body(text: str) -> list[ast.Stmt]:
    """Statements of a script that must be free of errors."""
    script, found = read(text)
    assert not found, [(d.code, d.message) for d in found]
    return script.body


def shown(text: str) -> list[str]:
    """Every statement of a correct script as compact text."""
    return [show(statement) for statement in body(text)]


def expr(text: str) -> str:
    """One expression as compact text."""
    return show(body(f"x = {text}")[0]).removeprefix("x = ")


def show(node: ast.Node | None) -> str:
    match node:
        case None:
            return "-"
        case ast.Name():
            return node.id
        case ast.IntLit() | ast.FloatLit() | ast.StrLit() | ast.BoolLit():
            return repr(node.value)
        case ast.ColorLit():
            return f"#{node.value:08X}"
        case ast.Attribute():
            return f"{show(node.value)}.{node.attr}"
        case ast.Call():
            args = ", ".join((f"{a.name}=" if a.name else "") + show(a.value) for a in node.args)
            types = f"<{', '.join(map(show, node.type_args))}>" if node.type_args else ""
            return f"{show(node.func)}{types}({args})"
        case ast.Index():
            return f"{show(node.value)}[{show(node.offset)}]"
        case ast.Unary():
            return f"({node.op} {show(node.operand)})"
        case ast.Binary():
            return f"({show(node.left)} {node.op} {show(node.right)})"
        case ast.Ternary():
            return f"({show(node.cond)} ? {show(node.then)} : {show(node.other)})"
        case ast.TupleExpr():
            return f"[{', '.join(map(show, node.items))}]"
        case ast.Block():
            return "{" + "; ".join(map(show, node.body)) + "}"
        case ast.If():
            return f"if {show(node.cond)} {show(node.then)}" + (f" else {show(node.other)}" if node.other else "")
        case ast.Switch():
            cases = ", ".join(f"{show(c.match)} => {show(c.body)}" for c in node.cases)
            return f"switch {show(node.subject)} ({cases})"
        case ast.ForRange():
            return f"for {node.var} = {show(node.start)} to {show(node.stop)} by {show(node.step)} {show(node.body)}"
        case ast.ForIn():
            return f"for {node.index or '-'}, {node.var} in {show(node.iterable)} {show(node.body)}"
        case ast.While():
            return f"while {show(node.cond)} {show(node.body)}"
        case ast.TypeRef():
            args = f"<{', '.join(map(show, node.args))}>" if node.args else ""
            return (f"{node.qualifier} " if node.qualifier else "") + node.name + args
        case ast.VarDecl():
            words = [node.mode, show(node.type) if node.type else None, node.name, "=", show(node.value)]
            return ("export " if node.exported else "") + " ".join(w for w in words if w)
        case ast.TupleDecl():
            return (f"{node.mode} " if node.mode else "") + f"[{', '.join(node.names)}] = {show(node.value)}"
        case ast.Assign():
            return f"{show(node.target)} {node.op} {show(node.value)}"
        case ast.ExprStmt():
            return show(node.value)
        case ast.FunctionDecl():
            params = ", ".join(
                (f"{show(p.type)} " if p.type else "") + p.name + (f" = {show(p.default)}" if p.default else "")
                for p in node.params
            )
            words = "export " * node.exported + "method " * node.is_method
            return f"{words}{node.name}({params}) => {show(node.body)}"
        case ast.TypeDecl():
            members = "; ".join(
                "varip " * f.varip + f"{show(f.type)} {f.name}" + (f" = {show(f.default)}" if f.default else "")
                for f in node.fields
            )
            return "export " * node.exported + f"type {node.name} {{{members}}}"
        case ast.EnumDecl():
            members = "; ".join(m.name + (f" = {show(m.title)}" if m.title else "") for m in node.members)
            return "export " * node.exported + f"enum {node.name} {{{members}}}"
        case ast.Import():
            return f"import {node.user}/{node.library}/{node.version}" + (f" as {node.alias}" if node.alias else "")
        case ast.ErrorExpr():
            return "<error>"
    return type(node).__name__.lower()


def walk(node: ast.Node) -> list[tuple[ast.Node, ast.Node]]:
    """Every (parent, child) pair of a tree."""
    pairs = []
    stack = [node]
    while stack:
        parent = stack.pop()
        for f in fields(parent):
            value = getattr(parent, f.name)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.Node):
                    pairs.append((parent, child))
                    stack.append(child)
    return pairs
