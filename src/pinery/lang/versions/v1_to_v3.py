"""Versions 1 to 3: constants without namespaces; in 1 and 2 also bools as numbers and variables that name themselves.

Version 2 differs from 1 in nothing. Sources: TradingView's guides "To Pine Script version 2", "3" and "4".
"""

from __future__ import annotations

from dataclasses import replace

from pinery.lang.versions import renames, v4
from pinery.lang.versions.version import Version, inverse


def version(number: int) -> Version:
    """Version 1, 2 or 3."""
    old = number <= 2
    return replace(
        v4.VERSION,
        number=number,
        functions=renames.FUNCTIONS_BEFORE_V4,
        variables=renames.VARIABLES_BEFORE_V4,
        replaced={**v4.VERSION.replaced, **inverse(renames.FUNCTIONS_BEFORE_V4, renames.VARIABLES_BEFORE_V4)},
        bool_arithmetic=old,
        self_reference=old,
        lookahead_default=old,
    )
