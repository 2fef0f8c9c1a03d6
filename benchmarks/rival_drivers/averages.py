"""
@pyne
"""
# mypy: ignore-errors
# averages.pine, translated by hand: PyneCore runs Python in its own dialect.

from pynecore.lib import alert, close, plot, plotshape, script, ta, volume


@script.indicator("Averages, RSI, volume", overlay=True)
def main():
    fast = ta.ema(close, 10)
    slow = ta.ema(close, 50)
    rsi = ta.rsi(close, 14)
    busy = ta.sma(volume, 20)
    up = ta.crossover(fast, slow) and rsi > 50 and volume > busy
    down = ta.crossunder(fast, slow)
    plot(fast, "Fast")
    plot(slow, "Slow")
    plotshape(up, "Up")
    plotshape(down, "Down")
    if up:
        alert("IN", alert.freq_once_per_bar_close)
    if down:
        alert("OUT", alert.freq_once_per_bar_close)
