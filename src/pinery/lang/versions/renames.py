"""The names that later versions changed.

Source: TradingView's guides "To Pine Script version 4" and "5", with the latter's table of all renamed functions,
variables and parameters.
"""

from __future__ import annotations

_TA_FUNCTIONS = (
    "alma atr barssince bb bbw cci change cmo cog correlation cross crossover crossunder cum dev dmi ema falling "
    "highest highestbars hma kc kcw linreg lowest lowestbars macd median mfi mode mom percentile_linear_interpolation "
    "percentile_nearest_rank percentrank pivothigh pivotlow range rising rma roc sar sma stdev stoch supertrend swma "
    "tr tsi valuewhen variance vwap vwma wma wpr"
)
_TA_VARIABLES = "accdist iii nvi obv pvi pvt tr vwap wad wvad"
_MATH = (
    "abs acos asin atan avg ceil cos exp floor log log10 max min pow random round round_to_mintick sign sin sqrt sum "
    "tan todegrees toradians"
)
_REQUEST = "dividends earnings financial quandl security splits"
_TICKER = "heikinashi kagi linebreak pointfigure renko"

FUNCTIONS: dict[str, str] = {
    **{name: f"ta.{name}" for name in _TA_FUNCTIONS.split()},
    **{name: f"math.{name}" for name in _MATH.split()},
    **{name: f"request.{name}" for name in _REQUEST.split()},
    **{name: f"ticker.{name}" for name in _TICKER.split()},
    "tickerid": "ticker.new",
    # These have rows of their own: in version 4 they took other arguments.
    "rsi": "rsi",
    "tostring": "tostring",
    "tonumber": "tonumber",
    "study": "study",
}

VARIABLES: dict[str, str] = {name: f"ta.{name}" for name in _TA_VARIABLES.split()}

# --- versions 1 to 3 (guide "To Pine Script version 4") ---

_COLORS = "aqua black blue fuchsia gray green lime maroon navy olive orange purple red silver teal white yellow"
_INPUT_TYPES = "bool float integer resolution session source string symbol"
_PLOT_STYLES = "area areabr circles columns cross histogram line linebr stepline"
_HLINE_STYLES = "dashed dotted solid"
_DAYS = "sunday monday tuesday wednesday thursday friday saturday"
_TIMEFRAME = "isdaily isdwm isintraday isminutes ismonthly isseconds isweekly period"

VARIABLES_BEFORE_V4: dict[str, str] = {
    **VARIABLES,
    **{name: f"color.{name}" for name in _COLORS.split()},
    **{name: f"input.{name}" for name in _INPUT_TYPES.split()},
    **{name: f"plot.style_{name}" for name in _PLOT_STYLES.split()},
    **{name: f"hline.style_{name}" for name in _HLINE_STYLES.split()},
    **{name: f"dayofweek.{name}" for name in _DAYS.split()},
    **{name: f"timeframe.{name}" for name in _TIMEFRAME.split()},
    "interval": "timeframe.multiplier",
    "ticker": "syminfo.ticker",
    "tickerid": "syminfo.tickerid",
    "n": "bar_index",
}
FUNCTIONS_BEFORE_V4: dict[str, str] = {
    **FUNCTIONS,
    "color": "color.new",
    "heikenashi": "ticker.heikinashi",
}

# --- hints ---

# What later versions call the names above.
OWN_ROWS = {
    "rsi": "ta.rsi",
    "tostring": "str.tostring",
    "tonumber": "str.tonumber",
    "study": "indicator",
}
MODERN: dict[str, str] = {
    **VARIABLES_BEFORE_V4,
    **FUNCTIONS_BEFORE_V4,
    **OWN_ROWS,
    "iff": "condition ? a : b",
    "offset": "source[n]",
    "input.integer": "input.int",
    "input.resolution": "input.timeframe",
}

_XY = {"x": "source1", "y": "source2"}
_OF_NUMBER = "abs ceil exp floor log log10 round round_to_mintick sign sqrt"
_OF_ANGLE = "acos asin atan cos sin tan"
PARAMETERS: dict[str, dict[str, str]] = {
    "indicator": {"resolution": "timeframe", "resolution_gaps": "timeframe_gaps"},
    "strategy.entry": {"long": "direction"},
    "strategy.order": {"long": "direction"},
    "time": {"resolution": "timeframe"},
    "time_close": {"resolution": "timeframe"},
    "request.security": {"resolution": "timeframe"},
    "nz": {"x": "source", "y": "replacement"},
    "fixnan": {"x": "source"},
    "ta.correlation": {"source_a": "source1", "source_b": "source2"},
    "ta.cross": _XY,
    "ta.crossover": _XY,
    "ta.crossunder": _XY,
    "ta.cum": {"x": "source"},
    "ta.rsi": {"x": "source", "y": "length"},
    "ta.swma": {"x": "source"},
    "ta.vwap": {"x": "source"},
    "str.tostring": {"x": "value", "y": "format"},
    "str.tonumber": {"x": "string"},
    **{f"math.{name}": {"x": "angle"} for name in _OF_ANGLE.split()},
    **{f"math.{name}": {"x": "number"} for name in _OF_NUMBER.split()},
}
