"""What is kept of charts: how each is doing, and every alert that fired."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChartState(StrEnum):
    STARTING = "starting"  # loading history
    LIVE = "live"
    SILENT = "silent"  # no prices though the market is open
    FAILED = "failed"  # see ``error``
    STOPPED = "stopped"


_FRESH_MS = 15_000  # a chart that lives says so every few seconds


def state_at(state: ChartState, updated: int, now: int) -> ChartState:
    """What a row written at ``updated`` says at ``now`` (Unix ms): a process that was killed could not say that its
    charts have stopped."""
    return state if now - updated <= _FRESH_MS else ChartState.STOPPED


@dataclass(frozen=True, slots=True)
class ChartRow:
    """Market times are Unix ms of the market, ``price_at`` and ``updated`` of the clock."""

    deployment: str
    state: ChartState
    updated: int
    script: str = ""  # name
    sha256: str = ""  # of its source
    symbol: str = ""
    timeframe: str = ""
    feed: str = ""
    error: str = ""
    bars: int = 0
    last_bar: int | None = None  # opening time of the last complete bar
    market_now: int | None = None
    price: float | None = None
    price_at: int | None = None
    missing: int = 0  # bars that the feed left out
    late: int = 0  # prices that came after their bar was closed
    owner: str = ""


class AlertOutcome(StrEnum):
    DUE = "due"  # on its way over HTTP
    SENT = "sent"
    MISSED = "missed"  # recorded only
    CATCHING_UP = "catching_up"  # missed, and on its way after all
    CAUGHT_UP = "caught_up"  # missed, and sent afterwards
    REFUSED = "refused"  # the webhook will never take it


@dataclass(frozen=True, slots=True)
class ChartAlert:
    """An alert that fired, or should have; one for each ``key`` of a deployment."""

    deployment: str
    key: str
    kind: str
    bar_time: int
    at: int  # Unix ms of the clock
    title: str
    message: str
    outcome: AlertOutcome
