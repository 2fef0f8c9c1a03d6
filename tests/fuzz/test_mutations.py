"""Good programs with some words or bytes changed: findings, an error of the script, or a run, soon."""

from __future__ import annotations

import re
import time
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import InternalError, PineryError
from pinery.engine import compile_script
from pinery.lang.check import check
from pinery.lang.source import Source
from tests.fuzz.programs import program
from tests.fuzz.running import MARKET, history, opened, profile

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("tests/pine/**/*.pine"), *ROOT.glob("examples/*.pine")])
]
TOKEN = re.compile(r"\n *|[A-Za-z_][\w.]*|\d[\w.]*|\"[^\"\n]*\"|\s+|=>|[:!<>=]=|.", re.DOTALL)
PUNCTUATION = "[ ] ( ) , . ? : => := = + - * / % < [1] [-1] [na]"
NUMBERS = "na 0 -1 1e9 1000000000000 9223372036854775807 1e308 close bar_index true #ff0000 'x' f x"
KEYWORDS = "and or not if else for while switch to by var varip type method enum export import int float string bool"
CALLS = "array<float> ta.sma ta.highest array.new<int>(3) str.repeat request.security plot .new()"
WORDS = f"{PUNCTUATION} {NUMBERS} {KEYWORDS} {CALLS}".split()
SECONDS = 25  # of the processor; no example takes a tenth of it
BARS = MARKET.bars.slice(0, 25)


def mutated(text: str, seed: int, times: int) -> str:
    """``text`` with that many of its tokens taken out, doubled, swapped or replaced."""
    random = Random(seed)
    tokens = TOKEN.findall(text)
    pool = tokens if random.random() < 0.6 else WORDS
    for _ in range(times):
        if not tokens:
            break
        at, other = random.randrange(len(tokens)), random.randrange(len(tokens))
        match random.randrange(6):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[other])
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3:
                tokens[at:at] = tokens[other : other + random.randrange(12)]
            case _:
                tokens[at] = random.choice(pool)
    return "".join(tokens)


def damaged(text: str, seed: int, times: int) -> str:
    """``text`` with that many of its bytes changed."""
    random = Random(seed)
    data = bytearray(text.encode())
    for _ in range(times):
        data[random.randrange(len(data))] = random.choice(
            b"\0\t\n\r ()[]{},.:;=+-*/%<>!?\"'#@\\0123456789abcxyz_\x80\xc3\xff"
        )
    return data.decode("utf-8", "replace")


SEEDS = st.integers(0, 10**9)
MADE = st.builds(program, SEEDS, st.integers(1, 14), st.sampled_from([4, 5, 6]))
GOOD = st.one_of(st.sampled_from(TEXTS), MADE)


def survives(text: str) -> None:
    started = time.process_time()
    check(Source(text))
    try:
        stop = history(opened(compile_script(Source(text)), BARS))
        assert stop is None or "cannot be evaluated" not in stop, stop
    except InternalError:
        raise
    except PineryError:
        pass
    assert time.process_time() - started < SECONDS


@profile(250)
@given(st.builds(mutated, GOOD, SEEDS, st.integers(1, 5)))
def test_words(text: str) -> None:
    survives(text)


@profile(120)
@given(st.builds(damaged, GOOD, SEEDS, st.integers(1, 4)))
def test_bytes(text: str) -> None:
    survives(text)
