"""The rules of conversion: one group of differences between the versions of Pine per module."""

from __future__ import annotations

from pinery.lang import ast
from pinery.lang.rewrite.conversions.builtins import CALLS
from pinery.lang.rewrite.conversions.context import Conversion, Rule
from pinery.lang.rewrite.conversions.declarations import DECLARATIONS
from pinery.lang.rewrite.conversions.history import PAST
from pinery.lang.rewrite.conversions.logic import LOGIC
from pinery.lang.rewrite.conversions.loops import LOOPS
from pinery.lang.rewrite.conversions.names import rename
from pinery.lang.rewrite.conversions.orders import CONDITIONS
from pinery.lang.rewrite.conversions.tristate import TRISTATE, TRUTH
from pinery.lang.rewrite.conversions.truth import COMPARED, cast

__all__ = ["AFTER", "CASTS", "NOTHING", "RULES", "Conversion", "Rule"]

NAMES = Rule(("variables", "constants", "timeframe_with_multiplier"), (ast.Name, ast.Attribute), rename)

# In the order in which they are asked.
RULES = (CONDITIONS, TRISTATE, DECLARATIONS, LOOPS, CALLS, LOGIC, COMPARED, TRUTH, PAST, NAMES)

# What is written around any expression, whatever rule made it.
AFTER = cast
CASTS = ("numeric_truth", "na_bool", "bool_arithmetic", "float_as_int", "const_int_division")

# Fields of ``Version`` that need nothing.
NOTHING = {
    "number": "it is the version line",
    "replaced": "hints of error messages only",
    "trims_orders": "before version 6 the script stopped where version 6 drops its oldest trades",
}
