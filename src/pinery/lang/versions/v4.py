"""Version 4 (June 2019): before the namespaces ta, math, request, ticker and most of str.

Source: TradingView's guide "To Pine Script version 5".
"""

from __future__ import annotations

from dataclasses import replace

from pinery.lang.versions import renames, v5
from pinery.lang.versions.version import inverse

VERSION = replace(
    v5.VERSION,
    number=4,
    rows=4,
    functions=renames.FUNCTIONS,
    variables=renames.VARIABLES,
    parameters=renames.PARAMETERS,
    replaced={
        **inverse(renames.FUNCTIONS, renames.VARIABLES, renames.OWN_ROWS),
        "input.int": "input",
        "input.timeframe": "input",
    },
    float_as_int=True,
    session_days="23456",
    default_transp=90.0,
)
