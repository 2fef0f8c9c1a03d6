"""Every diagnostic code of the language: what it is called and what it means.

``P0xx`` are found while reading the text (lexer, parser). The checker adds ``E…`` (errors) and ``W…`` (warnings).
``docs/diagnostics.md`` shows this table.
"""

from __future__ import annotations

from typing import NamedTuple

from pinery.lang.diagnostics import Severity


class Code(NamedTuple):
    severity: Severity
    title: str
    explanation: str


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, Code] = {
    # --- characters and words ---------------------------------------------------------
    "P001": Code(
        _E, "unexpected character", "A character that Pine has no use for stands outside strings and comments."
    ),
    "P002": Code(_E, "unterminated string", "A string's closing quote is missing on its line."),
    "P003": Code(_E, "bad number", "A number is written in a way Pine does not know, or is too large."),
    "P004": Code(_E, "bad color", "A color literal needs 6 or 8 hexadecimal digits: #RRGGBB or #RRGGBBAA."),
    "P005": Code(_E, "typographic quotes", "Strings need straight quotes, not the curly ones word processors write."),
    "P006": Code(_E, "foreign operator", "An operator of another language: Pine writes and, or, not, :=, += 1."),
    "P007": Code(_E, "non-ASCII name", "Names hold the letters a-z and A-Z, digits and underscores only."),
    "P008": Code(_E, "block comment", "Pine knows only comments that start with // and end with the line."),
    # --- lines, brackets and blocks ---------------------------------------------------
    "P010": Code(_E, "unexpected text", "Something stands where an expression should be."),
    "P011": Code(_E, "unclosed bracket", "A bracket is opened and never closed."),
    "P012": Code(_E, "unmatched bracket", "A bracket closes what was never opened."),
    "P013": Code(_E, "line does not end", "A statement is complete, yet its line goes on."),
    "P014": Code(_E, "unexpected indentation", "A line is indented although no block was opened above it."),
    "P015": Code(_E, "missing block", "The line above opens a block, but no indented line follows."),
    "P016": Code(_E, "bad block indentation", "Lines of a block are indented by four spaces (or one tab) per level."),
    "P017": Code(_E, "block on the header's line", "The body of if, for, while and else starts on a new line."),
    # --- statements -------------------------------------------------------------------
    "P018": Code(_E, "chained assignment", "One statement assigns one value."),
    "P019": Code(_E, "= inside an expression", "= declares a variable; == compares; := assigns."),
    "P020": Code(_E, "cannot be assigned", "Only a variable or a field of an object stands left of an assignment."),
    "P021": Code(_E, "incomplete declaration", "A declaration needs a name and a value."),
    "P022": Code(_E, "bad parameter", "A parameter is: [qualifier] [type] name [= default]."),
    "P023": Code(_E, "bad import", "An import is: import user/library/version [as alias]."),
    "P024": Code(_E, "bad type or enum", "A type or enum has a name and one indented line per field or member."),
    "P025": Code(_E, "bad for", "A loop is: for i = a to b [by c], for x in array, or for [i, x] in array."),
    "P026": Code(_E, "else without if", "An else stands at the indentation of its if, after the if's block."),
    "P027": Code(
        _E, "only at the top level", "Imports, types, enums, exports and functions are declared outside blocks."
    ),
    "P028": Code(_E, "nested too deeply", "Expressions or blocks are nested deeper than any script needs."),
    "P029": Code(_E, "too many errors", "The rest of the findings is left out."),
    "P030": Code(_E, "bad switch", "A switch has one indented line per case: value => result."),
    # --- version ----------------------------------------------------------------------
    "P090": Code(_W, "no version", "Without a //@version line a script is read by the rules of Pine version 1."),
    "P091": Code(_I, "second version line", "Only the first //@version line counts."),
    "P092": Code(_E, "unknown version", "Pine has the versions 1 to 6."),
}
