"""Made-up programs check clean, run without a fault, and mean the same however they are run."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import CompileError
from pinery.engine import CompiledScript, compile_script
from pinery.lang.source import Source
from tests.fuzz.programs import program
from tests.fuzz.running import MARKET, columns, history, left_behind, opened, profile, realtime, same, traded

PROGRAMS = st.builds(program, st.integers(0, 10**9), st.integers(1, 24), st.sampled_from([4, 5, 6]))
SECONDS = 20  # of the processor; far above what any of them takes, far below what a hang takes


def compiled(text: str) -> CompiledScript:
    try:
        return compile_script(Source(text))
    except CompileError as error:
        found = [text[d.span.start : d.span.end] + ": " + d.message for d in error.diagnostics]
        raise AssertionError(f"does not check clean: {found}\n{text}") from error


@profile(150)
@given(PROGRAMS)
def test_runs(text: str) -> None:
    started = time.process_time()
    script = compiled(text)
    first, second = opened(script, MARKET.bars), opened(script, MARKET.bars)
    stop = history(first)
    assert stop is None or "cannot be evaluated" not in stop, stop
    assert history(second) == stop
    assert same(left_behind(first), left_behind(second))
    if script.program.kind == "strategy":
        trades = traded(script)
        assert "cannot be evaluated" not in str(trades[-1]), trades[-1]
        assert repr(traded(script)) == repr(trades)
    assert time.process_time() - started < SECONDS


@profile(80)
@given(PROGRAMS, st.integers(1, 59))
def test_rolled_back_bars_leave_no_trace(text: str, start: int) -> None:
    script = compiled(text)
    plain, updated = opened(script, MARKET.bars), opened(script, MARKET.bars.slice(0, start))
    stop, live_stop = history(plain), realtime(updated, MARKET.bars.slice(start, len(MARKET.bars)))
    assert live_stop is None or "cannot be evaluated" not in live_stop, live_stop
    if stop is not None or live_stop is not None:
        return  # an update may bring an error of its own
    if script.requests or "varip" in text:
        return  # these move with the higher bar, or keep what an update did
    expected, got = left_behind(plain), left_behind(updated)
    for kept in ("logs", "alerts"):  # sent on the way, not taken back
        del expected[kept], got[kept]
    assert same(expected, got)


@profile(80)
@given(PROGRAMS, st.integers(1, 59))
def test_what_comes_later_changes_nothing(text: str, cut: int) -> None:
    script = compiled(text)
    whole, part = opened(script, MARKET.bars), opened(script, MARKET.bars.slice(0, cut))
    history(whole)
    history(part)
    shared = {name: values[:cut] for name, values in columns(whole.rt.outputs).items()}
    assert same(columns(part.rt.outputs), shared)
