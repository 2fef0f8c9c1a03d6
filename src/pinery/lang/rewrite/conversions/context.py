"""A script being converted: its text piece by piece, lines in front of statements, helpers, and what cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pinery.lang import ast
from pinery.lang.diagnostics import Diagnostic, Severity
from pinery.lang.rewrite.edits import children, line_end
from pinery.lang.rewrite.seen import Seen
from pinery.lang.source import Span
from pinery.lang.versions import Version

_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with nodes of some kinds. ``covers``: the fields of ``Version`` whose difference it takes away.

    ``rewrite`` gives the new text of a node without the brackets around it; None leaves the node to the next rule.
    """

    covers: tuple[str, ...]
    nodes: tuple[type[ast.Node], ...]
    rewrite: Callable[[Conversion, ast.Node], str | None]


@dataclass(slots=True)
class Conversion:
    """The state of one conversion; rules read the script through ``seen`` and give back text."""

    text: str
    seen: Seen
    version: Version  # that the script is written in
    rules: tuple[Rule, ...]
    after: Callable[[Conversion, ast.Node, str], str]  # casts around what the rules made
    new_colors: bool
    newline: str = "\n"
    step: str = "    "  # of the indentation
    helpers: dict[str, str] = field(default_factory=dict)  # name -> text, each ends its line
    problems: list[Diagnostic] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)  # line, what to know
    fits_both: set[int] = field(default_factory=set)  # timeframes that are only given to built-ins
    tristate: frozenset[str] = frozenset()  # truth values that are kept in ints
    wanted: set[str] = field(default_factory=set)  # those that should be
    noticed: dict[int, bool] = field(default_factory=dict)  # declarations of functions that need every bar
    instead: dict[int, str] = field(default_factory=dict)  # texts of nodes that were said beforehand
    unsure: frozenset[str] | None = None  # names whose truth values may be na, once they are known
    before: list[list[str]] = field(default_factory=list)  # per statement under way: lines to stand in front of it
    _words: set[str] = field(default_factory=set)
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._words = set(_WORD.findall(self.text))
        self.step = "\t" if re.search(r"^\t", self.text, re.MULTILINE) else self.step
        self.newline = "\r\n" if "\r\n" in self.text else "\n"

    # --- text of nodes ----------------------------------------------------------------

    def render(self, node: ast.Node) -> str:
        """The converted text of a node, brackets included."""
        if isinstance(node, ast.Stmt):
            return self._statement(node)
        return self._node(node)

    def _node(self, node: ast.Node) -> str:
        said = self.instead.pop(id(node), None)
        if said is not None:
            return said
        start, end = self.core(node)
        for rule in self.rules:
            if isinstance(node, rule.nodes):
                made = rule.rewrite(self, node)
                if made is not None:
                    break
        else:
            made = self.spliced(node, start, end)
        made = self.text[node.span.start : start] + made + self.text[end : node.span.end]
        return self.after(self, node, made)

    def spliced(self, node: ast.Node, start: int, end: int) -> str:
        """The text of a range with the nodes in it converted, and nothing else changed."""
        parts, at = [], start
        for child in parts_of(node):
            if child.span.start >= at and child.span.end <= end:
                parts += [self.text[at : child.span.start], self.render(child)]
                at = child.span.end
        return "".join([*parts, self.text[at:end]])

    def _statement(self, stmt: ast.Stmt) -> str:
        self.before.append([])
        made = self._node(stmt)
        lines = self.before.pop()
        if not lines:
            return made
        start = self.line_start(stmt.span.start)
        ahead = self.text[start : stmt.span.start]
        if not ahead.strip():
            return "".join(f"{line}{self.newline}{ahead}" for line in lines) + made
        indent = ahead[: len(ahead) - len(ahead.lstrip())]
        if ahead.rstrip().endswith("=>"):
            inner = indent + self.step
            shifted = made.replace(self.newline, self.newline + self.step)
            return self.newline + "".join(f"{inner}{line}{self.newline}" for line in lines) + inner + shifted
        self.problem(
            stmt, "this statement shares its line with others", "give it a line of its own, then convert again"
        )
        return made

    def core(self, node: ast.Node) -> tuple[int, int]:
        """The range of an expression without the brackets around it."""
        start, end = node.span.start, node.span.end
        if not isinstance(node, ast.Expr):
            return start, end
        first = next(iter(parts_of(node)), None)
        limit = first.span.start if isinstance(node, _LEFT) and first is not None else end
        depth = 0
        while start < limit and self.text[start] in "( \t\r\n":
            depth += self.text[start] == "("
            start += 1
        for _ in range(depth):
            end = self.text.rindex(")", start, end)
        while depth and self.text[end - 1].isspace():
            end -= 1
        return start, end

    def bare(self, node: ast.Node) -> str:
        """The converted text without brackets around the whole of it: for where a comma or bracket follows anyway."""
        made = self.render(node)
        return made[1:-1].strip() if is_bracketed(made) else made

    def operand(self, node: ast.Expr) -> str:
        """The converted text as an operand of any operator."""
        made = self.render(node)
        return made if is_atom(made) else f"({made})"

    # --- places -----------------------------------------------------------------------

    def line_start(self, at: int) -> int:
        found = [m.end() for m in re.finditer(r"\r\n|\r|\n", self.text[:at])]
        return found[-1] if found else 0

    def line_end(self, at: int) -> int:
        return line_end(self.text, at)

    # --- names, helpers, findings -------------------------------------------------------

    def fresh(self, name: str) -> str:
        """A name that the script does not have."""
        while name in self._words:
            name += "_"
        self._words.add(name)
        return name

    def helper(self, name: str, text: str) -> str:
        """What a helper function is called here; ``{}`` in its text is its name. It is declared once."""
        if name not in self._names:
            self._names[name] = self.fresh(name)
            self.helpers[self._names[name]] = text.replace("{}", self._names[name])
        return self._names[name]

    def problem(self, node: ast.Node | Span, message: str, hint: str) -> None:
        """This cannot be converted: ``hint`` says what to do by hand, in the script as it is."""
        span = node.span if isinstance(node, ast.Node) else node
        self.problems.append(Diagnostic("C001", Severity.ERROR, message, span, hint))

    def note(self, node: ast.Node, message: str) -> None:
        self.notes.append((self.text.count("\n", 0, node.span.start) + 1, message))


_LEFT = (ast.Binary, ast.Ternary, ast.Index, ast.Attribute, ast.Call)  # begin with an expression of their own


def is_bracketed(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    return text.startswith("(") and _group(text, 0) == len(text)


def is_atom(text: str) -> bool:
    """Whether the text may stand as an operand: a literal, or a name with calls, members and offsets behind it."""
    place = 0
    if text[:1] in "\"'":
        place = _quoted(text, 0)
    while place < len(text):
        word = re.compile(r"[\w.#]+").match(text, place)
        if word:
            place = word.end()
        elif text[place] in "([":
            place = _group(text, place)
        else:
            return False
    return True


def _quoted(text: str, place: int) -> int:
    """Behind the string that begins at ``place``."""
    end = place + 1
    while end < len(text) and text[end] != text[place]:
        end += 2 if text[end] == "\\" else 1
    return end + 1


def _group(text: str, place: int) -> int:
    """Behind the bracket that closes the one at ``place``."""
    depth = 0
    while place < len(text):
        c = text[place]
        if c in "\"'":
            place = _quoted(text, place)
            continue
        if text.startswith("//", place):
            place = line_end(text, place)
            continue
        depth += (c in "([") - (c in ")]")
        place += 1
        if depth == 0:
            break
    return place


def parts_of(node: ast.Node) -> list[ast.Node]:
    """The expressions and statements directly within a node, in the order of the text; blocks are looked through."""
    found: list[ast.Node] = []
    for child in children(node):
        if isinstance(child, ast.TypeRef):
            continue
        if isinstance(child, ast.Expr | ast.Stmt | ast.Arg):
            found.append(child)
        else:
            found += parts_of(child)
    return sorted(found, key=lambda part: part.span.start)
