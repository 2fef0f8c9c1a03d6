"""Backtests as evidence: the gate's verdict, and whether it is of what is deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinery.core.errors import UsageError
from pinery.trading.stages.records import Check

_KEPT = ("passed", "checks", "script", "inputs", "data", "pinery", "made")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the gate that stands before paper."""

    name: str
    title: str
    unit: str
    comparison: str  # ">=" or "<="
    limit: float


@dataclass(frozen=True, slots=True)
class Identity:
    """What a deployment runs. Where its alerts come from elsewhere, ``script`` and ``inputs`` are empty.

    ``script`` is the SHA-256 of the source with its libraries, ``inputs`` every input by title with its value.
    """

    symbol: str
    timeframe: str
    script: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    is_strategy: bool = False  # it can be tested

    def as_data(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "script": self.script,
            "inputs": dict(self.inputs),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Identity:
        return cls(data["symbol"], data["timeframe"], data["script"], data["inputs"])


def read_verdict(data: Any, name: str) -> dict[str, Any]:
    """The gate's verdict in what ``pinery backtest --gate --json`` printed, or the verdict itself.

    Raises UsageError where ``name`` holds none.
    """
    found: dict[str, Any] = {}
    if isinstance(data, Mapping):
        inner = data.get("gate")
        found = {**data, **inner} if isinstance(inner, Mapping) else dict(data)
    market, script, checks = found.get("data"), found.get("script"), found.get("checks")
    whole = (
        isinstance(found.get("passed"), bool)
        and isinstance(checks, list)
        and all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in checks)
        and isinstance(market, Mapping)
        and all(isinstance(market.get(key), str) for key in ("symbol", "timeframe", "sha256"))
        and isinstance(script, Mapping)
        and isinstance(script.get("sha256"), str)
        and isinstance(found.get("inputs"), Mapping)
    )
    if not whole:
        hint = "make it with: pinery backtest FILE --data BARS --gate --json > verdict.json"
        raise UsageError(f"{name} is no verdict of the backtest gate", hint)
    return {key: found[key] for key in _KEPT if key in found}


def judge_backtest(
    verdict: Mapping[str, Any], deployed: Identity, limits: Sequence[Limit], *, real_money: bool
) -> list[Check]:
    """The figures of the verdict against ``limits``, whatever limits it was made with; whether symbol, timeframe,
    script and inputs are those of the deployment; and, for real money, whether the bars are a market's."""
    figures = {one["name"]: _number(one.get("value")) for one in verdict["checks"]}
    checks = []
    for limit in limits:
        value = figures.get(limit.name)
        over = limit.comparison == ">="
        passed = value is not None and (value >= limit.limit if over else value <= limit.limit)
        note = "" if limit.name in figures else "the verdict does not have it: test again with the default gate"
        checks.append(
            Check(f"backtest.{limit.name}", f"Backtest: {_lower(limit.title)}", limit.unit, value, limit.comparison,
                  limit.limit, passed, note)
        )  # fmt: skip
    checks.append(_market_bars(verdict["data"].get("synthetic"), real_money))
    market = verdict["data"]
    checks.append(_same("symbol", "Symbol of the backtest", market["symbol"].upper(), deployed.symbol.upper()))
    checks.append(_same("timeframe", "Timeframe of the backtest", market["timeframe"], deployed.timeframe))
    if deployed.script:
        tested = verdict["script"]["sha256"]
        checks.append(_same("script", "Script of the backtest", _short(tested), _short(deployed.script)))
        checks.append(_same_inputs("Inputs of the backtest", verdict["inputs"], deployed.inputs, _TEST_AGAIN))
    return checks


MADE_UP = "made up by a generator"
OF_A_MARKET = "a market's"


def _market_bars(synthetic: object, real_money: bool) -> Check:
    """``synthetic`` is a bool where the verdict says it."""
    value = {True: MADE_UP, False: OF_A_MARKET}[synthetic] if isinstance(synthetic, bool) else None
    passed = synthetic is False or not real_money
    note = (
        ""
        if value == OF_A_MARKET
        else "test on bars of the market"
        if real_money
        else "real money will ask for a market's"
    )
    limit = OF_A_MARKET if real_money else "any"
    return Check("bars", "Bars of the backtest", "", value, "=", limit, passed, note)


_TEST_AGAIN = "test what is deployed"
_CHANGED = "changed since the last promotion: demote it to backtest, and promote it again with a backtest of the new"


def same_as_before(before: Identity, now: Identity) -> list[Check]:
    """Whether what was promoted last is what is deployed now."""
    checks = [
        _same("unchanged.symbol", "Symbol as promoted before", now.symbol, before.symbol, _CHANGED),
        _same("unchanged.timeframe", "Timeframe as promoted before", now.timeframe, before.timeframe, _CHANGED),
    ]
    if before.script or now.script:
        one, other = _short(now.script) or "none", _short(before.script) or "none"
        checks.append(_same("unchanged.script", "Script as promoted before", one, other, _CHANGED))
        title = "Inputs as promoted before"
        checks.append(_same_inputs(title, before.inputs, now.inputs, _CHANGED, "unchanged.inputs"))
    return checks


def _same(name: str, title: str, value: str, limit: str, note: str = _TEST_AGAIN) -> Check:
    equal = value == limit
    return Check(name, title, "", value, "=", limit, equal, "" if equal else note)


def _same_inputs(
    title: str, one: Mapping[str, Any], other: Mapping[str, Any], note: str, name: str = "inputs"
) -> Check:
    differing = sorted(key for key in {*one, *other} if key not in one or key not in other or one[key] != other[key])
    value = f"different: {', '.join(differing)}" if differing else "the same"
    return Check(name, title, "", value, "=", "the same", not differing, note if differing else "")


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _short(sha256: str) -> str:
    return sha256[:12]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
