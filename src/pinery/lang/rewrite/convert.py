"""A script of an older version in version 6: the same results, comments and layout kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pinery.core.errors import CompileError
from pinery.lang import ast
from pinery.lang.check import LibraryFinder, check
from pinery.lang.check.checker import deep_stack
from pinery.lang.diagnostics import Diagnostic, Diagnostics, Severity
from pinery.lang.parser import parse
from pinery.lang.rewrite.conversions import AFTER, RULES, Conversion
from pinery.lang.rewrite.edits import walk
from pinery.lang.rewrite.seen import Seen
from pinery.lang.source import Source
from pinery.lang.versions import NEWEST, for_version

_VERSION_LINE = re.compile(r"^([ \t]*//[ \t]*@version[ \t]*=[ \t]*)\d+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Converted:
    """``notes``: line of the original and what its author should know."""

    text: str
    version: int  # of the original
    notes: tuple[tuple[int, str], ...] = ()


def convert(source: Source, finder: LibraryFinder | None = None, *, new_colors: bool = False) -> Converted:
    """``source`` in version 6; a script of version 6 is left as it is.

    ``new_colors``: names of colours stay, though version 6 gives some another shade.
    Raises CompileError where the script has errors, or holds what cannot be converted.
    """
    version = parse(source, Diagnostics()).version
    if version >= NEWEST:
        return Converted(source.text, version)
    with deep_stack():
        return _converted(source, finder, version, new_colors)


def _converted(source: Source, finder: LibraryFinder | None, version: int, new_colors: bool) -> Converted:
    seen = Seen(source, finder)
    kept: frozenset[str] = frozenset()
    while True:
        conversion = Conversion(source.text, seen, for_version(version), RULES, AFTER, new_colors, tristate=kept)
        text = _versioned(_written(conversion), seen.script, conversion.newline)
        if conversion.wanted <= kept:
            break
        kept |= conversion.wanted
    if conversion.problems:
        _refuse(source, f"{source.name} cannot be converted as it is", conversion.problems, [source])
    _warn(conversion)
    made = Source(text, f"{source.name}, converted")
    checked = check(made, finder)
    errors = [found for found in checked.diagnostics if found.severity is Severity.ERROR]
    if errors:
        _refuse(source, f"{source.name} needs a change by hand before it can be converted", errors, checked.sources)
    return Converted(text, version, tuple(dict.fromkeys(conversion.notes)))


def _warn(c: Conversion) -> None:
    """Notes what a conversion of this one file cannot take care of."""
    for stmt in c.seen.script.body:
        if not isinstance(stmt, ast.Import):
            continue
        library = c.seen.libraries.get(f"{stmt.user}/{stmt.library}/{stmt.version}")
        if library is not None and library.version.number < NEWEST and not library.source.stand_in:
            c.note(stmt, f"`{library.name}` is version {library.version.number}: convert it as well")
    for node in walk(c.seen.script):
        if isinstance(node, ast.StrLit) and "{{interval}}" in node.value and not c.version.timeframe_with_multiplier:
            c.note(node, "{{interval}} is 1D, 1W and 1M in version 6 where it was D, W and M")


def _refuse(source: Source, message: str, found: list[Diagnostic], sources: list[Source]) -> None:
    error = CompileError(message, tuple(sorted(found, key=lambda d: d.span.start)))
    error.sources = tuple(sources)
    raise error


def _written(c: Conversion) -> str:
    """The script's statements converted, with the helpers behind its declaration and its imports."""
    parts, at = [], 0
    place = -1  # of the helpers
    for stmt in c.seen.script.body:
        parts.append(c.text[at : stmt.span.start])
        parts.append(c.render(stmt))
        at = stmt.span.end
        declaration = c.seen.declaration
        declares = declaration is not None and stmt.span.start <= declaration.span.start < stmt.span.end
        if declares or (place >= 0 and isinstance(stmt, ast.Import)):
            end = c.line_end(at)
            parts.append(c.text[at:end])
            at, place = end, len(parts)
    parts.append(c.text[at:])
    if c.helpers:
        helpers = "".join(f"{text}{c.newline}" if "=>" in text else text for text in c.helpers.values())
        parts.insert(place, c.newline + helpers.replace("\n", c.newline).replace("\r\r\n", "\r\n"))
    return "".join(parts)


def _versioned(text: str, script: ast.Script, newline: str) -> str:
    if script.version_span is None:
        return f"//@version={NEWEST}{newline}{text}"
    return _VERSION_LINE.sub(rf"\g<1>{NEWEST}", text)
