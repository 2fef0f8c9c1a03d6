"""
@pyne
"""
# mypy: ignore-errors
# five_indicators.pine, translated by hand: PyneCore runs Python in its own dialect.

from pynecore import Series
from pynecore.lib import close, color, high, low, plot, plotshape, script, ta


@script.indicator("Supertrend, MACD, bands, ATR, stochastic", overlay=True)
def main():
    trend, direction = ta.supertrend(3, 10)
    macd, signal, histogram = ta.macd(close, 12, 26, 9)
    _, upper, lower = ta.bb(close, 20, 2)
    range14 = ta.atr(14)
    k = ta.sma(ta.stoch(close, high, low, 14), 3)
    d = ta.sma(k, 3)
    long: Series[bool] = direction < 0 and histogram > 0 and close < upper and k > d
    short: Series[bool] = direction > 0 and histogram < 0 and close > lower and k < d
    plot(trend, "Supertrend", color=color.green if direction < 0 else color.red)
    plot(macd, "MACD")
    plot(signal, "Signal")
    plot(upper, "Upper")
    plot(lower, "Lower")
    plot(range14, "ATR")
    plot(k, "K")
    plot(d, "D")
    plotshape(long and not long[1], "Long")
    plotshape(short and not short[1], "Short")
