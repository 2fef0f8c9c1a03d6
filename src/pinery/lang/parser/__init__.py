"""The parser: tokens in, syntax tree out, every syntax error of the script in one run."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.diagnostics import Diagnostics
from pinery.lang.lexer import Reporter, lex
from pinery.lang.parser.depth import MAX_DEPTH, too_deep
from pinery.lang.parser.statements import Parser
from pinery.lang.source import Source

__all__ = ["MAX_DEPTH", "parse"]


def parse(source: Source, diagnostics: Diagnostics) -> ast.Script:
    """The syntax tree of ``source``. Never raises: what is wrong goes to ``diagnostics`` and leaves an
    ``ErrorExpr``, or nothing, in the tree. Trees are at most ``MAX_DEPTH`` nodes deep."""
    reporter = Reporter(source, diagnostics)
    lexed = lex(source, reporter)
    parser = Parser(lexed.tokens, reporter)
    span = reporter.span(0, len(source.text))
    try:
        body = parser.script()
    except RecursionError:  # the caller's own stack was nearly full
        token = parser.tok
        reporter.report("P028", "the script is nested too deeply here", token.start, token.end)
        body = []
    script = ast.Script(span, lexed.version, lexed.version_span, body, lexed.annotations)
    deep = too_deep(script)
    if deep is not None:
        hint = "split it: give parts of it a name of their own"
        reporter.report("P028", f"this is nested deeper than {MAX_DEPTH} levels", deep.start, deep.end, hint)
        script.body = []
    return script
