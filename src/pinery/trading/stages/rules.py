"""What each promotion asks for: one table. A new rule is a function and a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pinery.trading.deployments import Stage
from pinery.trading.stages.backtests import (
    MADE_UP,
    OF_A_MARKET,
    Identity,
    Limit,
    judge_backtest,
    same_as_before,
)
from pinery.trading.stages.gates import StageGate
from pinery.trading.stages.ladder import Standing
from pinery.trading.stages.measures import Measured
from pinery.trading.stages.records import Check, Promotion


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at. ``history``: decisions so far, newest first, refused ones too.

    ``verdict``: of the backtest gate, given with this promotion. ``without_backtest``: the promotion to paper is asked
    for without one, on a person's word, which is not taken for a strategy's script. ``cannot_say``: why it is not known
    what is deployed (``deployed`` is None). ``made_up_market``: its chart runs on prices of a generator, or of a
    simulator. ``rehearsed_at``: the address on this machine at which the account's venue is simulated.
    """

    standing: Standing
    history: Sequence[Promotion] = ()
    deployed: Identity | None = None
    cannot_say: str = ""
    verdict: Mapping[str, Any] | None = None
    without_backtest: bool = False
    made_up_market: bool = False
    rehearsed_at: str = ""
    measured: Measured | None = None
    backtest_limits: Sequence[Limit] = ()
    gates: Mapping[Stage, StageGate] = field(default_factory=dict)
    size: Decimal | None = None  # contracts, where it is fixed
    caps: Mapping[Stage, Decimal | None] = field(default_factory=dict)

    @property
    def granted(self) -> list[Promotion]:
        return [one for one in self.history if one.granted]

    @property
    def backtest(self) -> Mapping[str, Any] | None:
        """The verdict that counts: the one given, else the newest on record since it was last at backtest."""
        if self.verdict is not None:
            return self.verdict
        for one in self.granted:
            if one.after is Stage.BACKTEST:
                return None
            if one.evidence.get("verdict"):
                found: Mapping[str, Any] = one.evidence["verdict"]
                return found
        return None


@dataclass(frozen=True, slots=True)
class Rule:
    """Asked before a promotion to one of ``stages``."""

    name: str
    stages: tuple[Stage, ...]
    checks: Callable[[Facts, Stage], list[Check]]


def _backtest(facts: Facts, target: Stage) -> list[Check]:
    if facts.backtest is not None and facts.deployed is not None:
        real_money = target is not Stage.PAPER
        return judge_backtest(facts.backtest, facts.deployed, facts.backtest_limits, real_money=real_money)
    strategy = facts.deployed is not None and facts.deployed.is_strategy
    if target is Stage.PAPER and not strategy and facts.without_backtest:
        return [Check("backtest", "Backtest", "", "left out, as asked for", "=", "left out, as asked for", True)]
    note = "give one with --data BARS, or --backtest FILE" if strategy else "give one with --backtest FILE"
    if target is Stage.PAPER and not strategy:
        note += "; or go without: --without-backtest --note WHY"
    return [Check("backtest", "Backtest", "", None, "=", "passed", False, note)]


def _deployed(facts: Facts, target: Stage) -> list[Check]:
    if facts.deployed is not None:
        return []
    return [Check("deployed", "Script", "", facts.cannot_say or "cannot be read", "=", "can be run", False)]


def _market(facts: Facts, target: Stage) -> list[Check]:
    """What happened on a market that is made up says nothing of a real one."""
    if not facts.made_up_market:
        return []
    note = "give its chart a feed of the market"
    return [Check("market", "Prices of the chart", "", MADE_UP, "=", OF_A_MARKET, False, note)]


def _venue(facts: Facts, target: Stage) -> list[Check]:
    """A venue on this machine is a simulator: fills and prices there say nothing of a real one."""
    if not facts.rehearsed_at:
        return []
    note = f"the account's venue is a simulator at {facts.rehearsed_at}: trade on paper or at a venue's demo"
    return [Check("venue", "Venue of the account", "", "a simulator", "=", "a venue's own, or paper", False, note)]


def _before(facts: Facts, target: Stage) -> list[Check]:
    """The promotions on the way here are on record."""
    below = facts.standing.stage
    row = next((one for one in facts.granted if one.after is below and one.evidence.get("checks")), None)
    value = f"{datetime.fromtimestamp(row.at / 1000, UTC):%Y-%m-%d} by {row.by}" if row is not None else None
    note = "" if row is not None else f"reach {below} through `pinery promote` first"
    return [Check("record", f"Promotion to {below}", "", value, "=", "on record", row is not None, note)]


def _unchanged(facts: Facts, target: Stage) -> list[Check]:
    row = next((one for one in facts.granted if one.evidence.get("deployed")), None)
    if row is None or facts.deployed is None:
        return []
    return same_as_before(Identity.from_data(row.evidence["deployed"]), facts.deployed)


def _size(facts: Facts, target: Stage) -> list[Check]:
    """A fixed size that the stage would not allow; other sizes are cut when an order is made."""
    cap = facts.caps.get(target)
    if cap is None or facts.size is None:
        return []
    note = "" if facts.size <= cap else f"set size = {cap} first"
    return [Check("size", "Size", "contracts", float(facts.size), "<=", float(cap), facts.size <= cap, note)]


def _measured(facts: Facts, target: Stage) -> list[Check]:
    return facts.gates.get(target, StageGate()).judge(facts.measured)


_REAL = (Stage.SMALL, Stage.PRODUCTION)

RULES: tuple[Rule, ...] = (
    Rule("what is deployed", (Stage.PAPER, *_REAL), _deployed),
    Rule("backtest", (Stage.PAPER, *_REAL), _backtest),
    Rule("market", _REAL, _market),
    Rule("venue", _REAL, _venue),
    Rule("promotions before", _REAL, _before),
    Rule("unchanged", _REAL, _unchanged),
    Rule("size", _REAL, _size),
    Rule("measured at the stage before", _REAL, _measured),
)


def checks_for(target: Stage, facts: Facts) -> tuple[Check, ...]:
    """Everything that a promotion to ``target`` asks for."""
    return tuple(check for rule in RULES if target in rule.stages for check in rule.checks(facts, target))


def evidence(target: Stage, facts: Facts, checks: Sequence[Check]) -> dict[str, Any]:
    """What is kept with the decision, as plain data."""
    kept: dict[str, Any] = {"checks": [check.as_data() for check in checks]}
    if facts.deployed is not None:
        kept["deployed"] = facts.deployed.as_data()
    if facts.backtest is not None:
        kept["verdict"] = dict(facts.backtest)
    elif facts.without_backtest:
        kept["without_backtest"] = True
    if facts.measured is not None:
        kept["measured"] = {"since": facts.measured.since, "until": facts.measured.until}
    return kept
