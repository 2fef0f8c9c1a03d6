"""Version 5 (October 2021): the names of version 6; older rules for bools, division, requests and margins.

Source: TradingView's guide "To Pine Script version 6".
"""

from __future__ import annotations

from pinery.lang.builtins.colors import BEFORE_V6
from pinery.lang.versions import renames
from pinery.lang.versions.version import Version

VERSION = Version(
    number=5,
    rows=5,
    constants=BEFORE_V6,
    replaced=renames.MODERN,
    numeric_truth=True,
    na_bool=True,
    const_int_division=True,
    lazy_logic=False,
    literal_history=True,
    repeated_arguments=True,
    for_end_dynamic=False,
    timeframe_with_multiplier=False,
    margin_default=0.0,
    exit_takes_nearest=False,
    trims_orders=False,
)
