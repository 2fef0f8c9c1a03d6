"""A script of about a thousand lines, put together from blocks of the kind that long scripts consist of."""

from __future__ import annotations

HEAD = """//@version=6
indicator("A thousand lines", overlay = true, max_lines_count = 100, max_labels_count = 100)

type Pivot
    int   bar
    float price
    bool  high
    int   touches = 0

type State
    float score = 0.0
    int   streak = 0
    array<Pivot> pivots

var State state = State.new(pivots = array.new<Pivot>())
var map<string, float> votes = map.new<string, float>()
"""

BLOCK = """
// --- block {n} ---
int   length{n} = input.int({length}, "Length {n}", minval = 2, group = "Block {n}")
float weight{n} = input.float({weight}, "Weight {n}", group = "Block {n}")
bool  use{n}    = input.bool(true, "Use {n}", group = "Block {n}")
smooth{n}(float source, simple int length) =>
    float once  = ta.ema(source, length)
    float twice = ta.ema(once, length)
    2 * once - twice
rank{n}(float value, int back) =>
    int above = 0
    for i = 1 to back
        if value > nz(value[i], value)
            above += 1
    100.0 * above / back
float base{n}   = smooth{n}(close, length{n})
float spread{n} = ta.stdev(close, length{n})
float zscore{n} = spread{n} > 0 ? (close - base{n}) / spread{n} : 0.0
float momentum{n} = ta.rsi(base{n}, length{n})
float place{n}  = rank{n}(close, {back})
float vote{n} = switch
    not use{n} => 0.0
    zscore{n} > 1.0 and momentum{n} > 60 => weight{n}
    zscore{n} < -1.0 and momentum{n} < 40 => -weight{n}
    place{n} > 80 => 0.5 * weight{n}
    place{n} < 20 => -0.5 * weight{n}
    => 0.0
if vote{n} != nz(vote{n}[1])
    votes.put("block {n}", vote{n})
    state.streak := vote{n} > 0 ? math.max(state.streak, 0) + 1 : math.min(state.streak, 0) - 1
bool up{n}   = ta.crossover(close, base{n})
bool down{n} = ta.crossunder(close, base{n})
if up{n}
    state.score += vote{n}
else if down{n}
    state.score -= vote{n}
plot(base{n}, "Base {n}", zscore{n} > 0 ? color.teal : color.red, display = {display})
"""

TAIL = """
float highPivot = ta.pivothigh(5, 5)
float lowPivot  = ta.pivotlow(5, 5)
if not na(highPivot)
    state.pivots.push(Pivot.new(bar_index - 5, highPivot, true))
if not na(lowPivot)
    state.pivots.push(Pivot.new(bar_index - 5, lowPivot, false))
if state.pivots.size() > 30
    state.pivots.shift()
for pivot in state.pivots
    if math.abs(close - pivot.price) < syminfo.mintick * 4
        pivot.touches += 1
float total = 0.0
for [name, value] in votes
    total += value
plot(total, "Total", display = display.data_window)
plot(state.score, "Score", display = display.data_window)
if barstate.islast
    for pivot in state.pivots
        line.new(pivot.bar, pivot.price, bar_index, pivot.price, color = pivot.high ? color.red : color.green)
"""


def text(blocks: int = 27) -> str:
    """The script; 27 blocks make about a thousand lines."""
    parts = [HEAD]
    for n in range(1, blocks + 1):
        display = "display.pane" if n <= 10 else "display.data_window"
        parts.append(BLOCK.format(n=n, length=5 + n * 2, weight=1 + n % 4 / 2, back=5 + n % 7, display=display))
    parts.append(TAIL)
    return "".join(parts)
