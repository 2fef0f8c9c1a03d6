"""``[stages.NAME] at_least`` and ``at_most``: what a deployment must show before it is promoted to the stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pinery.app.config import models
from pinery.app.config.findings import Finding, did_you_mean
from pinery.tester.gate import TITLES, Gate
from pinery.trading.deployments import Stage
from pinery.trading.stages.gates import MEASURED_STAGES, StageGate
from pinery.trading.stages.measures import MEASURES


def backtest_gate(model: models.StageRules, findings: list[Finding]) -> Gate:
    """Of paper: limits on a backtest, over the gate's defaults."""
    given = {name: _known(("stages", "paper", name), limits, TITLES, findings) for name, limits in _limits(model)}
    return Gate.from_data(given, "[stages.paper]")


def stage_gates(root: models.Root, findings: list[Finding]) -> Mapping[Stage, StageGate]:
    """Of small and production: limits on what was measured at the stage before, over the defaults."""
    found = {}
    for stage in MEASURED_STAGES:
        limits = {
            name: _known(("stages", stage.value, name), given, MEASURES, findings)
            for name, given in _limits(getattr(root.stages, stage.value))
        }
        found[stage] = StageGate.over_defaults(limits["at_least"], limits["at_most"])
    return found


def _limits(model: models.StageRules) -> tuple[tuple[str, dict[str, float | bool]], ...]:
    return ("at_least", _plain(model.at_least)), ("at_most", _plain(model.at_most))


def _plain(given: Mapping[str, models.StageLimit]) -> dict[str, float | bool]:
    return {name: False if limit is False else float(limit) for name, limit in given.items()}


def _known(
    path: tuple[str, ...], given: dict[str, float | bool], names: Iterable[str], findings: list[Finding]
) -> dict[str, float | bool]:
    """Those whose names are known; the others are found."""
    known = {name: limit for name, limit in given.items() if name in names}
    for name in given.keys() - known.keys():
        findings.append(Finding((*path, name), f"there is no such figure; {did_you_mean(name, names)}"))
    return known
