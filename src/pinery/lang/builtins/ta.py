"""``ta.*``: technical analysis.

Signatures follow Pine's reference manual (https://www.tradingview.com/pine-script-reference/v6/);
meanings live in ``pinery.runtime.kernels``. "Ignores na" in a description means: an na value does not
enter the window, which then holds the last ``length`` values that were not na.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, fn, kernel, variable

_AVERAGES: list[FunctionRow | VariableRow] = [
    fn(
        "ta.sma",
        "(source: float, length: int) -> series float",
        kernel("kernels.averages:sma"),
        "Simple moving average: the mean of the last `length` values of `source`. Ignores na.",
    ),
    fn(
        "ta.ema",
        "(source: float, length: simple int) -> series float",
        kernel("kernels.averages:ema"),
        "Exponential moving average with alpha = 2 / (length + 1), started from the mean of the first full window.",
    ),
    fn(
        "ta.rma",
        "(source: float, length: simple int) -> series float",
        kernel("kernels.averages:rma"),
        "Wilder's moving average, alpha = 1 / length, started from the mean of the first full window.",
    ),
    fn(
        "ta.wma",
        "(source: float, length: int) -> series float",
        kernel("kernels.averages:wma"),
        "Weighted moving average: weights length, length - 1 ... 1 from the newest value back. Ignores na.",
    ),
    fn(
        "ta.vwma",
        "(source: float, length: int) -> series float",
        kernel("kernels.averages:vwma", "volume"),
        "Volume-weighted moving average: sma(source * volume) / sma(volume).",
    ),
    fn(
        "ta.swma",
        "(source: float) -> series float",
        kernel("kernels.averages:swma"),
        "Symmetrically weighted average of the last four values with weights 1/6, 2/6, 2/6, 1/6.",
    ),
    fn(
        "ta.hma",
        "(source: float, length: simple int) -> series float",
        kernel("kernels.averages:hma"),
        "Hull moving average: wma(2 * wma(source, length / 2) - wma(source, length), floor(sqrt(length))).",
    ),
    fn(
        "ta.alma",
        [
            "(series: float, length: int, offset: simple float, sigma: simple float) -> series float",
            "(series: float, length: int, offset: simple float, sigma: simple float, floor: simple bool)"
            " -> series float",
        ],
        [kernel("kernels.averages:alma"), kernel("kernels.averages:alma_floor")],
        "Arnaud Legoux moving average: Gaussian weights centred at offset * (length - 1), width length / sigma."
        " With `floor` the centre is rounded down to a whole bar.",
    ),
    fn(
        "ta.linreg",
        "(source: float, length: int, offset: simple int) -> series float",
        kernel("kernels.averages:linreg"),
        "Least-squares line through the last `length` values, read `offset` bars before its end. An na in the window"
        " makes the result na.",
    ),
]

_BANDS: list[FunctionRow | VariableRow] = [
    fn(
        "ta.bb",
        "(series: float, length: int, mult: simple float) -> [float, float, float]",
        kernel("kernels.bands:bb"),
        "Bollinger Bands [middle, upper, lower]: sma plus and minus `mult` population deviations.",
    ),
    fn(
        "ta.bbw",
        "(series: float, length: int, mult: simple float) -> series float",
        kernel("kernels.bands:bbw"),
        "Bollinger Bands width: (upper - lower) / middle * 100, in percent.",
    ),
    fn(
        "ta.kc",
        "(series: float, length: simple int, mult: simple float, useTrueRange: simple bool = true)"
        " -> [float, float, float]",
        kernel("kernels.bands:kc", "high", "low", "close"),
        "Keltner Channels [middle, upper, lower]: ema plus and minus `mult` times the ema of the range.",
    ),
    fn(
        "ta.kcw",
        "(series: float, length: simple int, mult: simple float, useTrueRange: simple bool = true) -> series float",
        kernel("kernels.bands:kcw", "high", "low", "close"),
        "Keltner Channels width: (upper - lower) / middle, a plain ratio.",
    ),
]

_OSCILLATORS: list[FunctionRow | VariableRow] = [
    fn(
        "ta.rsi",
        "(source: float, length: simple int) -> series float",
        kernel("kernels.oscillators:rsi"),
        "Relative strength index, 0 to 100: rises against falls, each smoothed with ta.rma.",
    ),
    fn(
        "ta.macd",
        "(source: float, fastlen: simple int, slowlen: simple int, siglen: simple int) -> [float, float, float]",
        kernel("kernels.oscillators:macd"),
        "MACD [line, signal, histogram]: fast ema minus slow ema, and the ema of that.",
    ),
    fn(
        "ta.stoch",
        "(source: float, high: float, low: float, length: int) -> series float",
        kernel("kernels.oscillators:stoch"),
        "Stochastic, 0 to 100: 100 * (source - lowest(low)) / (highest(high) - lowest(low)).",
    ),
    fn(
        "ta.cci",
        "(source: float, length: int) -> series float",
        kernel("kernels.oscillators:cci"),
        "Commodity channel index: (source - sma) / (0.015 * mean absolute deviation).",
    ),
    fn(
        "ta.cmo",
        "(series: float, length: int) -> series float",
        kernel("kernels.oscillators:cmo"),
        "Chande momentum oscillator, -100 to 100: 100 * (gains - losses) / (gains + losses).",
    ),
    fn(
        "ta.cog",
        "(source: float, length: int) -> series float",
        kernel("kernels.oscillators:cog"),
        "Centre of gravity: minus the sum of source[i] * (i + 1) over the sum of source.",
    ),
    fn(
        "ta.mfi",
        "(series: float, length: int) -> series float",
        kernel("kernels.oscillators:mfi", "volume"),
        "Money flow index, 0 to 100: volume times price on rises against falls.",
    ),
    fn(
        "ta.mom",
        "(source: float, length: int) -> series float",
        kernel("kernels.oscillators:mom"),
        "Momentum: source - source[length].",
    ),
    fn(
        "ta.roc",
        "(source: float, length: int) -> series float",
        kernel("kernels.oscillators:roc"),
        "Rate of change in percent: 100 * (source - source[length]) / source[length].",
    ),
    fn(
        "ta.tsi",
        "(source: float, short_length: simple int, long_length: simple int) -> series float",
        kernel("kernels.oscillators:tsi"),
        "True strength index, -1 to 1: twice smoothed change over twice smoothed absolute change.",
    ),
    fn(
        "ta.wpr",
        "(length: int) -> series float",
        kernel("kernels.oscillators:wpr", "high", "low", "close"),
        "Williams %R, -100 to 0: where the close stands between the highest high and the lowest low.",
    ),
    fn(
        "ta.rci",
        "(source: float, length: simple int) -> series float",
        kernel("kernels.oscillators:rci"),
        "Rank correlation index, -100 to 100: Spearman's correlation of the values with time.",
    ),
]

_RANGES: list[FunctionRow | VariableRow] = [
    fn(
        "ta.tr",
        "(handle_na: simple bool = false) -> series float",
        kernel("kernels.ranges:tr", "high", "low", "close"),
        "True range: max(high - low, |high - close[1]|, |low - close[1]|). Without a previous close:"
        " high - low with `handle_na`, else na.",
    ),
    variable(
        "ta.tr",
        "float",
        kernel("kernels.ranges:tr_na", "high", "low", "close"),
        "True range, na on the first bar: the same as ta.tr(false).",
    ),
    fn(
        "ta.atr",
        "(length: simple int) -> series float",
        kernel("kernels.ranges:atr", "high", "low", "close"),
        "Average true range: ta.rma of ta.tr(true).",
    ),
    fn(
        "ta.highest",
        ["(source: float, length: int) -> series float", "(length: int) -> series float"],
        [kernel("kernels.ranges:highest"), kernel("kernels.ranges:highest", "high")],
        "Highest value of the last `length` bars (of `high` without a source).",
    ),
    fn(
        "ta.lowest",
        ["(source: float, length: int) -> series float", "(length: int) -> series float"],
        [kernel("kernels.ranges:lowest"), kernel("kernels.ranges:lowest", "low")],
        "Lowest value of the last `length` bars (of `low` without a source).",
    ),
    fn(
        "ta.highestbars",
        ["(source: float, length: int) -> series int", "(length: int) -> series int"],
        [kernel("kernels.ranges:highestbars"), kernel("kernels.ranges:highestbars", "high")],
        "Offset of the highest value of the last `length` bars: 0 for this bar, -3 for three bars ago.",
    ),
    fn(
        "ta.lowestbars",
        ["(source: float, length: int) -> series int", "(length: int) -> series int"],
        [kernel("kernels.ranges:lowestbars"), kernel("kernels.ranges:lowestbars", "low")],
        "Offset of the lowest value of the last `length` bars: 0 for this bar, -3 for three bars ago.",
    ),
    fn(
        "ta.range",
        "(source: N, length: int) -> series N",
        kernel("kernels.ranges:value_range"),
        "Largest minus smallest of the last `length` values. Ignores na.",
    ),
    fn(
        "ta.max",
        "(source: float) -> series float",
        kernel("kernels.ranges:all_time_max"),
        "Largest value of `source` since the first bar. Ignores na.",
    ),
    fn(
        "ta.min",
        "(source: float) -> series float",
        kernel("kernels.ranges:all_time_min"),
        "Smallest value of `source` since the first bar. Ignores na.",
    ),
    fn(
        "ta.pivothigh",
        [
            "(source: float, leftbars: float, rightbars: float) -> series float",
            "(leftbars: float, rightbars: float) -> series float",
        ],
        [kernel("kernels.pivots:pivothigh"), kernel("kernels.pivots:pivothigh", "high")],
        "Price of a pivot high `rightbars` ago: no higher value among `leftbars` before it, none as high"
        " among `rightbars` after it; otherwise na.",
    ),
    fn(
        "ta.pivotlow",
        [
            "(source: float, leftbars: float, rightbars: float) -> series float",
            "(leftbars: float, rightbars: float) -> series float",
        ],
        [kernel("kernels.pivots:pivotlow"), kernel("kernels.pivots:pivotlow", "low")],
        "Price of a pivot low `rightbars` ago: no lower value among `leftbars` before it, none as low"
        " among `rightbars` after it; otherwise na.",
    ),
    fn(
        "ta.pivot_point_levels",
        "(type: string, anchor: bool, developing: bool = false) -> series array<float>",
        kernel("pivot_levels:pivot_point_levels", "open", "high", "low", "close"),
        "Pivot point levels [P, R1, S1, R2, S2, R3, S3, R4, S4, R5, S5] of the period between anchors:"
        ' "Traditional", "Fibonacci", "Woodie", "Classic", "DM" or "Camarilla". Levels a type lacks are na.',
    ),
]

_STATISTICS: list[FunctionRow | VariableRow] = [
    fn(
        "ta.stdev",
        "(source: float, length: int, biased: bool = true) -> series float",
        kernel("kernels.statistics:stdev"),
        "Standard deviation of the last `length` values: of the population, or of a sample if not `biased`.",
    ),
    fn(
        "ta.variance",
        "(source: float, length: int, biased: bool = true) -> series float",
        kernel("kernels.statistics:variance"),
        "Variance of the last `length` values: of the population, or of a sample if not `biased`.",
    ),
    fn(
        "ta.dev",
        "(source: float, length: int) -> series float",
        kernel("kernels.statistics:dev"),
        "Mean absolute deviation of the last `length` values from their mean.",
    ),
    fn(
        "ta.correlation",
        "(source1: float, source2: float, length: int) -> series float",
        kernel("kernels.statistics:correlation"),
        "Pearson's correlation of two series over `length` bars, -1 to 1.",
    ),
    fn(
        "ta.median",
        ["(source: int, length: int) -> series int", "(source: float, length: int) -> series float"],
        [kernel("kernels.statistics:median_int"), kernel("kernels.statistics:median")],
        "Middle of the last `length` values in order; the mean of the two middle ones if their number is even.",
    ),
    fn(
        "ta.mode",
        "(source: N, length: int) -> series N",
        kernel("kernels.statistics:mode"),
        "Most frequent of the last `length` values; the smallest of them on a tie.",
    ),
    fn(
        "ta.percentile_linear_interpolation",
        "(source: float, length: int, percentage: simple float) -> series float",
        kernel("kernels.statistics:percentile_linear_interpolation"),
        "The `percentage` percentile (0 to 100) of the last `length` values, between the two nearest ranks.",
    ),
    fn(
        "ta.percentile_nearest_rank",
        "(source: float, length: int, percentage: simple float) -> series float",
        kernel("kernels.statistics:percentile_nearest_rank"),
        "The `percentage` percentile (0 to 100) of the last `length` values: always one of them.",
    ),
    fn(
        "ta.percentrank",
        "(source: float, length: int) -> series float",
        kernel("kernels.statistics:percentrank"),
        "Percent of the `length` values before this bar that are not above the current one.",
    ),
]

_TRENDS: list[FunctionRow | VariableRow] = [
    fn(
        "ta.dmi",
        "(diLength: simple int, adxSmoothing: simple int) -> [float, float, float]",
        kernel("kernels.trends:dmi", "high", "low", "close"),
        "Directional movement [+DI, -DI, ADX], each 0 to 100.",
    ),
    fn(
        "ta.sar",
        "(start: simple float, inc: simple float, max: simple float) -> series float",
        kernel("kernels.trends:sar", "high", "low", "close"),
        "Parabolic stop and reverse, a price; starts on the second bar.",
    ),
    fn(
        "ta.supertrend",
        "(factor: float, atrPeriod: simple int) -> [float, float]",
        kernel("kernels.trends:supertrend", "high", "low", "close"),
        "Supertrend [line, direction]: -1 in an up trend, 1 in a down trend.",
    ),
    fn(
        "ta.rising",
        "(source: float, length: int) -> series bool",
        kernel("kernels.trends:rising"),
        "True if `source` is above each of its `length` values before.",
    ),
    fn(
        "ta.falling",
        "(source: float, length: int) -> series bool",
        kernel("kernels.trends:falling"),
        "True if `source` is below each of its `length` values before.",
    ),
    fn(
        "ta.change",
        [
            "(source: int, length: int = 1) -> series int",
            "(source: float, length: int = 1) -> series float",
            "(source: bool, length: int = 1) -> series bool",
        ],
        [
            kernel("kernels.crosses:change"),
            kernel("kernels.crosses:change"),
            kernel("kernels.crosses:change_bool"),
        ],
        "source - source[length]; for bools: whether the two differ.",
    ),
    fn(
        "ta.cross",
        "(source1: float, source2: float) -> series bool",
        kernel("kernels.crosses:cross"),
        "True on the bar where one series crosses the other, in either direction.",
    ),
    fn(
        "ta.crossover",
        "(source1: float, source2: float) -> series bool",
        kernel("kernels.crosses:crossover"),
        "True where `source1` is above `source2` and was not on the bar before.",
    ),
    fn(
        "ta.crossunder",
        "(source1: float, source2: float) -> series bool",
        kernel("kernels.crosses:crossunder"),
        "True where `source1` is below `source2` and was not on the bar before.",
    ),
    fn(
        "ta.barssince",
        "(condition: bool) -> series int",
        kernel("kernels.crosses:barssince"),
        "Bars since `condition` was last true, 0 on that bar; na before the first time.",
    ),
    fn(
        "ta.valuewhen",
        [
            "(condition: bool, source: int, occurrence: simple int) -> series int",
            "(condition: bool, source: float, occurrence: simple int) -> series float",
            "(condition: bool, source: bool, occurrence: simple int) -> series bool",
            "(condition: bool, source: color, occurrence: simple int) -> series color",
        ],
        [
            kernel("kernels.crosses:valuewhen"),
            kernel("kernels.crosses:valuewhen"),
            kernel("memory:valuewhen_bool"),
            kernel("memory:valuewhen_color"),
        ],
        "Value of `source` when `condition` was last true (`occurrence` 0), the time before that (1), and so on.",
    ),
    fn(
        "ta.cum",
        "(source: float) -> series float",
        kernel("kernels.crosses:cum"),
        "Running total of `source` since the first bar.",
    ),
]

_VOLUME: list[FunctionRow | VariableRow] = [
    fn(
        "ta.vwap",
        [
            "(source: float) -> series float",
            "(source: float, anchor: bool) -> series float",
            "(source: float, anchor: bool, stdev_mult: float) -> [float, float, float]",
            "(source: float, stdev_mult: float) -> [float, float, float]",
        ],
        [
            kernel("kernels.volume:vwap_daily", "time_tradingday", "volume"),
            kernel("kernels.volume:vwap", "volume"),
            kernel("kernels.volume:vwap_bands", "volume"),
            kernel("kernels.volume:vwap_bands_daily", "time_tradingday", "volume"),
        ],
        "Volume-weighted average price since `anchor` was last true (each trading day without one); with"
        " `stdev_mult` [vwap, upper, lower].",
    ),
    variable(
        "ta.vwap",
        "float",
        kernel("kernels.volume:vwap_daily", "time_tradingday", "volume", "hlc3"),
        "Volume-weighted average of hlc3 since the trading day began.",
    ),
    variable(
        "ta.obv",
        "float",
        kernel("kernels.volume:obv", "close", "volume"),
        "On balance volume: the running total of sign(change of close) * volume.",
    ),
    variable(
        "ta.accdist",
        "float",
        kernel("kernels.volume:accdist", "high", "low", "close", "volume"),
        "Accumulation/distribution: the running total of (2 * close - low - high) / (high - low) * volume.",
    ),
    variable(
        "ta.pvt",
        "float",
        kernel("kernels.volume:pvt", "close", "volume"),
        "Price volume trend: the running total of change / previous close * volume.",
    ),
    variable(
        "ta.wad",
        "float",
        kernel("kernels.volume:wad", "high", "low", "close"),
        "Williams accumulation/distribution: the running total of the close's way from the true low or high.",
    ),
    variable(
        "ta.wvad",
        "float",
        kernel("kernels.volume:wvad", "open", "high", "low", "close", "volume"),
        "Williams variable accumulation/distribution: (close - open) / (high - low) * volume.",
    ),
    variable(
        "ta.iii",
        "float",
        kernel("kernels.volume:iii", "high", "low", "close", "volume"),
        "Intraday intensity index: (2 * close - high - low) / ((high - low) * volume).",
    ),
    variable(
        "ta.nvi",
        "float",
        kernel("kernels.volume:nvi", "close", "volume"),
        "Negative volume index: starts at 1 and follows the close on bars with less volume than the bar before.",
    ),
    variable(
        "ta.pvi",
        "float",
        kernel("kernels.volume:pvi", "close", "volume"),
        "Positive volume index: starts at 1 and follows the close on bars with more volume than the bar before.",
    ),
]

_V4: list[FunctionRow | VariableRow] = [
    fn(
        "rsi",
        [
            "(x: float, y: simple int) -> series float",
            "(x: float, y: float) -> series float",
            "(source: float, length: simple int) -> series float",
        ],
        [
            kernel("kernels.oscillators:rsi"),
            kernel("kernels.oscillators:rsi_of_two"),
            kernel("kernels.oscillators:rsi"),
        ],
        "Relative strength index of `x` over `y` bars; with a series `y`: 100 - 100 / (1 + x / y).",
        versions=(4,),
    ),
]

ROWS: list[FunctionRow | VariableRow] = [
    *_AVERAGES,
    *_BANDS,
    *_OSCILLATORS,
    *_RANGES,
    *_STATISTICS,
    *_TRENDS,
    *_VOLUME,
    *_V4,
]
