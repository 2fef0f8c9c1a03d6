"""The stages in their order, and where a deployment stands by its settings and by the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinery.core.errors import UsageError
from pinery.trading.deployments import Stage
from pinery.trading.errors import Refused
from pinery.trading.stages.records import Promotion

LADDER: tuple[Stage, ...] = (Stage.BACKTEST, Stage.PAPER, Stage.SMALL, Stage.PRODUCTION)


def rank(stage: Stage) -> int:
    return LADDER.index(stage)


def next_stage(stage: Stage) -> Stage | None:
    """None above production."""
    return LADDER[rank(stage) + 1] if stage is not LADDER[-1] else None


def read_stage(text: str) -> Stage:
    """Raises UsageError."""
    try:
        return Stage(text)
    except ValueError:
        raise UsageError(f"there is no stage {text!r}", f"stages are {', '.join(LADDER)}") from None


@dataclass(frozen=True, slots=True)
class Standing:
    """``configured`` is what pinery.toml says, ``recorded`` what the last granted decision says (None: there is none).

    ``stage`` is what counts for promotions: a stage that somebody only wrote into the file counts as not reached.
    ``since``: when it was reached, Unix ms.
    """

    configured: Stage
    recorded: Stage | None
    since: int | None

    @property
    def stage(self) -> Stage:
        reached = self.recorded or Stage.BACKTEST
        return min(self.configured, reached, key=rank)

    @property
    def next(self) -> Stage | None:
        return next_stage(self.stage)


def standing(configured: Stage, history: Sequence[Promotion]) -> Standing:
    """``history``: newest first, refused ones too."""
    last = next((one for one in history if one.granted), None)
    return Standing(configured, last.after if last else None, last.at if last else None)


def lower_stage(standing: Standing, wanted: Stage | None) -> Stage:
    """Where a demotion leads: ``wanted``, or one step down from what is configured; never above what is on record.

    Raises Refused.
    """
    configured = standing.configured
    if wanted is None:
        if configured is Stage.BACKTEST:
            raise Refused("it is at stage backtest, the lowest one")
        return min(LADDER[rank(configured) - 1], standing.stage, key=rank)
    if rank(wanted) >= rank(configured):
        raise Refused(f"it is at stage {configured}: {wanted} is not below it", "`pinery promote` leads upwards")
    if rank(wanted) > rank(standing.stage):
        raise Refused(
            f"stage {wanted} is not on record: {configured} was only written into pinery.toml",
            f"the way down ends at {standing.stage}",
        )
    return wanted
