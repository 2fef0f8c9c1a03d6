"""Calls of built-in functions: names, and arguments in the places that version 6 has for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.lang import ast
from pinery.lang.builtins.schema import FunctionRow, Overload
from pinery.lang.rewrite.conversions.context import Conversion
from pinery.lang.versions import renames

# Parameters of functions with rows of their own, which version 4 called otherwise.
_OWN_PARAMETERS = {
    "ta.rsi": {"x": "source", "y": "length"},
    "str.tostring": {"x": "value", "y": "format"},
}


@dataclass(slots=True)
class Argument:
    """One argument as written. ``name``: of the parameter, as version 6 calls it; ``text`` None: left out."""

    node: ast.Arg
    name: str
    text: str | None


@dataclass(slots=True)
class Called:
    """A call of a built-in, ready to be changed."""

    node: ast.Call
    row: FunctionRow
    name: str  # in version 6
    overload: Overload  # that was chosen
    args: list[Argument]
    added: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> Argument | None:
        return next((arg for arg in self.args if arg.name == name and arg.text is not None), None)

    def drop(self, name: str) -> Argument | None:
        """Leaves an argument out; returns it as it was."""
        found = self.get(name)
        if found is not None:
            was = Argument(found.node, found.name, found.text)
            found.text = None
            return was
        return None

    def put(self, name: str, text: str) -> None:
        """Gives an argument another text, or adds it."""
        found = self.get(name)
        if found is not None:
            found.text = text
        else:
            self.added.append((name, text))


def newest_name(name: str) -> str:
    """What version 6 calls a built-in function."""
    return renames.OWN_ROWS.get(name, name).partition("@")[0]


def describe(c: Conversion, node: ast.Call) -> Called | None:
    """The call as far as it was understood; None where it is no built-in's, or where nothing is known of it."""
    row = c.seen.rows.get(id(node))
    fits = c.seen.fits.get(id(node))
    if row is None or not fits:
        return None
    name = newest_name(row.name)
    overload = fits[-1].overload
    old = {**c.version.parameters.get(name, {}), **_OWN_PARAMETERS.get(name, {})}
    newest = c.seen.registry.functions.get(name)
    now = {p.name for o in newest.overloads_for(6) for p in o.params} if newest is not None else set()
    args, place = [], int(id(node) in c.seen.methods)
    for arg in node.args:
        given = arg.name
        if given is None:
            last = overload.params[-1]
            given = last.name if last.variadic and place >= len(overload.params) - 1 else overload.params[place].name
            place += 1
        if given not in now:
            given = old.get(given, given)
        args.append(Argument(arg, given, "" if arg.span not in c.seen.dropped else None))
    return Called(node, row, name, overload, args)


def read(c: Conversion, called: Called) -> None:
    """Converts the arguments. What a rule has to say of them is said before."""
    for arg in called.args:
        if arg.text is not None:
            arg.text = c.render(arg.node.value)


def write(c: Conversion, called: Called) -> str:
    """The call in version 6, its layout kept."""
    node, text = called.node, c.text
    _, end = c.core(node)
    overload = _fitting(c, called)
    known = {p.name for p in overload.params}
    for arg in called.args:
        if arg.text is not None and arg.name not in known:
            c.problem(arg.node, f"version 6 has no `{arg.name}` in `{called.name}`", "leave it out")
    func = node.func
    parts, at = [c.render(func) if id(node) in c.seen.methods else called.name], func.span.end
    positional = True
    place = int(id(node) in c.seen.methods)
    variadic = bool(overload.params) and overload.params[-1].variadic
    for index, arg in enumerate(called.args):
        if arg.text is None:
            at = _skip(c, parts, at, called, index)
            continue
        parts.append(text[at : arg.node.span.start])
        at = arg.node.span.end
        fits = place < len(overload.params) and overload.params[place].name == arg.name
        fits = fits or (variadic and place >= len(overload.params) - 1)
        if arg.node.name is None and positional and fits:
            parts.append(arg.text)
            place += 1
        elif arg.node.name is None:
            positional = False
            parts.append(f"{arg.name} = {arg.text}")
        else:
            positional = False
            between = text[arg.node.span.start : arg.node.value.span.start]
            parts.append(between.replace(arg.node.name, arg.name, 1) + arg.text)
    rest = text[at:end]
    added = ", ".join(f"{name} = {value}" for name, value in called.added)
    if added and any(arg.text is not None for arg in called.args):
        parts.append(f", {added}{rest}")
    elif added:
        opening = rest.index("(") + 1 if "(" in rest else 0
        parts.append(f"{rest[:opening]}{added}{rest[opening:]}")
    else:
        parts.append(rest)
    return "".join(parts)


def _skip(c: Conversion, parts: list[str], at: int, called: Called, index: int) -> int:
    """Goes past an argument that is left out, and past one comma, the one behind it if there is one."""
    span = called.node.args[index].span
    before = c.text[at : span.start]
    end = span.end
    if index + 1 < len(called.args):
        following = c.text[end : called.args[index + 1].node.span.start]
        comma = _comma(following)
        if comma >= 0:
            parts.append(before)
            end += comma + 1
            while c.text[end] in " \t":
                end += 1
            return end
    comma = _comma(before)
    if comma < 0 and not before.strip() and parts and parts[-1].rstrip(" \t").endswith(","):
        parts[-1] = parts[-1].rstrip(" \t")[:-1]
        before = ""
    rest = before[comma + 1 :]
    parts.append(before[:comma] + (rest.rstrip(" ") if rest.strip() else "") if comma >= 0 else before)
    return end


def _comma(text: str) -> int:
    """Where the comma stands outside comments; -1 where there is none."""
    place = 0
    while place < len(text):
        if text.startswith("//", place):
            stop = text.find("\n", place)
            place = stop if stop >= 0 else len(text)
        elif text[place] == ",":
            return place
        else:
            place += 1
    return -1


def _fitting(c: Conversion, called: Called) -> Overload:
    """The form of version 6 that has the most of the arguments, in their places as far as possible."""
    names = {arg.name for arg in called.args if arg.text is not None} | {name for name, _ in called.added}
    here = [arg.name for arg in called.args]

    def score(overload: Overload) -> tuple[int, int]:
        known = [p.name for p in overload.params]
        return sum(n in known for n in names), sum(a == b for a, b in zip(known, here, strict=False))

    return max(c.seen.registry.functions[called.name].overloads_for(6), key=score)
