"""Every diagnostic code of the language: what it is called and what it means.

``P0xx`` are found while reading the text (lexer, parser). The checker adds ``E…`` (errors) and ``W…`` (warnings),
the conversion to newer versions ``C…``.
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
    "P008": Code(
        _W, "block comment", "Pine knows only comments that start with //; what stands between /* and */ is skipped."
    ),
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
    "P091": Code(_I, "second version line", "The first //@version line that goes with the declaration counts."),
    "P092": Code(_E, "unknown version", "Pine has the versions 1 to 6."),
    # --- names ------------------------------------------------------------------------
    "E100": Code(_E, "unknown function", "No function of this name exists in the script, its libraries or Pine."),
    "E101": Code(_E, "not declared", "A name is used that is declared nowhere, or only further down."),
    "E102": Code(_E, "not a value", "A function, type or namespace stands where a value is needed."),
    "E103": Code(_E, "not in this version", "The built-in came with a later Pine version, or went with one."),
    "E104": Code(
        _E, "unknown member", "The object, type, enum or library has no field, method or export of this name."
    ),
    "E105": Code(_E, "not a function", "Something other than a function is called."),
    "E106": Code(_E, "declared later", "A function is declared before the functions that call it."),
    "E107": Code(_E, "recursion", "A function calls itself, directly or through others: Pine has no recursion."),
    "E108": Code(_E, "parameter twice", "Two parameters of a function have the same name."),
    "E109": Code(_E, "function twice", "Two functions have the same name and the same types of parameters."),
    # --- calls ------------------------------------------------------------------------
    "E110": Code(_E, "missing argument", "A parameter without a default gets no value."),
    "E111": Code(_E, "too many arguments", "More arguments are given than there are parameters."),
    "E112": Code(_E, "unknown parameter", "The function has no parameter of this name."),
    "E113": Code(_E, "argument twice", "One parameter gets two values."),
    "E114": Code(
        _E, "wrong argument type", "The argument is of another type than the parameter, and does not become one."
    ),
    "E115": Code(
        _E, "known too late", "The argument may change from bar to bar, or run to run, where it must be known earlier."
    ),
    "E116": Code(_E, "no such form", "The function has several forms; none takes these types."),
    "E117": Code(_E, "argument order", "An argument without a name follows one with a name."),
    "E118": Code(_E, "bad cast", "The value cannot be turned into that type."),
    # --- variables --------------------------------------------------------------------
    "E120": Code(_E, "bad default", "A parameter's default is of another type than the parameter."),
    "E121": Code(_E, "already declared", "A name is declared twice in one scope."),
    "E122": Code(_E, "qualifier mismatch", "The value may change later than the declared qualifier allows."),
    "E123": Code(_E, "type mismatch", "A variable or field gets a value of another type."),
    "E124": Code(_E, "tuple in one variable", "A tuple is taken apart when it is declared."),
    "E125": Code(_E, "na without type", "na alone does not say which type a variable has."),
    "E126": Code(_E, "tuple size", "The number of names differs from the number of items."),
    "E127": Code(_E, "cannot be assigned", "Built-ins, history and calls cannot be assigned to."),
    "E128": Code(_E, "parameter changed", "A function's parameters cannot be assigned to."),
    "E129": Code(_E, "global changed in a function", "A function may read the script's variables, not assign to them."),
    # --- operators and values ---------------------------------------------------------
    "E130": Code(_E, "not a bool", "A condition must be a bool; in v6 numbers and na are none."),
    "E131": Code(_E, "operator mismatch", "The operator does not work on values of these types."),
    "E132": Code(_E, "different types", "The branches of one value have types that do not go together."),
    "E133": Code(_E, "no value", "A call or block that returns nothing is used as a value."),
    "E134": Code(_E, "no history", "Tuples and calls without value have no history."),
    "E135": Code(_E, "bad offset", "A history offset is an int."),
    "E136": Code(_E, "negative offset", "A history offset is zero or more."),
    "E137": Code(_E, "history of a field or literal", "In v6 `[]` does not follow literals and fields of objects."),
    # --- types ------------------------------------------------------------------------
    "E140": Code(_E, "type arguments", "A type or function takes another number of type arguments."),
    "E141": Code(_E, "unknown type", "No type of this name exists."),
    # --- structure --------------------------------------------------------------------
    "E150": Code(
        _E, "only at the top level", "Plots and declarations stand at the left margin, outside functions and blocks."
    ),
    "E151": Code(_E, "function in a block", "Functions are declared at the left margin."),
    "E152": Code(_E, "method without type", "The first parameter of a method says whose method it is."),
    "E153": Code(_E, "default not last", "The default case ends a switch."),
    "E154": Code(_E, "cannot be walked", "for … in walks arrays, matrices and maps."),
    "E155": Code(_E, "outside a loop", "break and continue belong into loops."),
    "E160": Code(_E, "declared twice", "A script calls indicator, strategy or library once."),
    "E161": Code(_E, "not declared", "A script says what it is: indicator, strategy or library."),
    "E162": Code(_E, "order in an indicator", "Only scripts declared with strategy(…) place orders."),
    "E163": Code(_E, "exit without a price", "From v5 on strategy.exit needs a profit, loss, limit, stop or trailing."),
    # --- libraries --------------------------------------------------------------------
    "E170": Code(_E, "missing library", "An imported library is not in any library folder."),
    "E171": Code(_E, "import cycle", "Libraries import one another in a circle."),
    "E172": Code(_E, "not a library", "An imported file does not call library(…)."),
    "E173": Code(_E, "library with errors", "An imported library does not check."),
    # --- conversion -------------------------------------------------------------------
    "C001": Code(_E, "not convertible", "What an older version does here has to be changed by hand for version 6."),
    # --- limits -----------------------------------------------------------------------
    "E190": Code(_E, "nested too deeply", "Expressions or blocks are nested deeper than any script needs."),
    "E191": Code(
        _E, "script too large", "Functions are called with too many combinations of types, or nested too deeply."
    ),
    # --- warnings ---------------------------------------------------------------------
    "W201": Code(_W, "not on every bar", "A function that remembers earlier bars is called only on some bars."),
    "W202": Code(_W, "hidden variable", "A local declaration hides a variable of the same name outside."),
    "W203": Code(_W, "unused request", "The data of a request is not used."),
    "W204": Code(_W, "missing library, not needed", "A missing library of which the script uses nothing."),
    "W205": Code(_W, "library stood in for", "Pinery's own version of a library is used; its values may differ."),
    "W210": Code(_W, "compared with na", "Comparing with na is never true: na(x) tests for it."),
    # --- repainting -------------------------------------------------------------------
    "W301": Code(_W, "looks ahead", "lookahead_on without an offset shows values of the future on history."),
    "W302": Code(
        _I, "open higher-timeframe bar", "The value of an unfinished higher-timeframe bar changes on live bars."
    ),
    "W303": Code(_I, "varip", "varip variables keep live ticks, which history does not have."),
    "W304": Code(_I, "timenow", "timenow differs between history and live bars."),
    "W305": Code(_I, "negative offset", "A plot is shifted to bars where its value was not known yet."),
    "W306": Code(_I, "ticks", "The strategy calculates on live ticks, but on history only on closes."),
}
