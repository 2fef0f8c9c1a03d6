from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.app.conftest import Ended

Run = Callable[..., Ended]
Script = Callable[..., Path]
DATA = ("--data", "synthetic:300", "--timeframe", "60", "--realtime-bars", "30", "--cuts", "2")


def test_clean(pinery: Run, script: Script) -> None:
    path = script('plot(ta.sma(close, 5)[1], "mean")\nplot(close, "price")')
    ended = pinery("audit", path, *DATA)
    assert ended.code == 0
    assert "stable" in ended.out
    assert "changes until the bar closes" in ended.out
    assert "repaints" not in ended.out


def test_repaints(pinery: Run, script: Script) -> None:
    request = 'd = request.security(syminfo.tickerid, "D", close, lookahead = barmerge.lookahead_on)'
    path = script(f'{request}\nplot(d, "daily [x]")\nplot(barstate.islast ? 1 : 0, "last")')
    ended = pinery("audit", path, *DATA)
    assert ended.code == 1
    assert "looks ahead" in ended.out
    assert "plot 'daily [x]'" in ended.out
    assert 'line 3: request.security of "D" with lookahead_on' in ended.out
    assert f"    {request}" in ended.out
    assert "line 5: barstate.islast" in ended.out


def test_json(pinery: Run, script: Script) -> None:
    path = script('plot(barstate.islast ? na : close[1], "x")')
    ended = pinery("audit", path, *DATA, "--json")
    assert ended.code == 1
    data = json.loads(ended.out)
    assert (data["verdict"], data["repaints"], data["bars"]) == ("repaints after the bar closed", True, 300)
    (output,) = data["outputs"]
    assert output["blame"] == {"kind": "surroundings", "text": "barstate.islast", "line": 3}
    change = next(c for c in output["changes"] if c["found"] == "later")
    assert change["was"] is None
    assert change["now"] > 0


def test_errors(pinery: Run, script: Script) -> None:
    assert pinery("audit", script("plot(close"), *DATA).code == 1
    assert pinery("audit", script("plot(close)"), "--data", "synthetic:10").code == 2
    assert pinery("audit", script('runtime.error("no")'), *DATA).code == 4
    assert pinery("audit", script("plot(close)"), *DATA[:4], "--cuts", "0").code == 2
    own = script("plot(close)", declaration='indicator("x", timeframe = "D")')
    assert "timeframe of its own" in pinery("audit", own, *DATA).err
