"""Limits follow what Binance tells, and leave room for what protects."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pinery.adapters.binance.errors import Failure
from pinery.adapters.binance.limits import Limits, Urgency


@dataclass
class _Time:
    at: float = 1_700_000_040.0  # a whole minute

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time() -> _Time:
    return _Time()


@pytest.fixture
def limits(time: _Time) -> Limits:
    return Limits(time)


def _wait(limits: Limits, weight: int, orders: int, urgency: Urgency) -> float:
    """Seconds until it may go; 0: it went."""
    try:
        limits.take(weight, orders, urgency)
    except Failure as failure:
        assert failure.retry_after is not None
        return failure.retry_after
    return 0.0


def test_reads_leave_weight_for_what_follows_an_order(limits: Limits, time: _Time) -> None:
    limits.heard({"x-mbx-used-weight-1m": "1900"})
    assert _wait(limits, 40, 0, Urgency.READ) == pytest.approx(60)
    assert _wait(limits, 40, 0, Urgency.PROTECT) == 0
    time.at += 60
    assert _wait(limits, 40, 0, Urgency.READ) == 0


def test_entries_leave_orders_for_exits(limits: Limits, time: _Time) -> None:
    sent = 0
    while not _wait(limits, 0, 1, Urgency.ENTRY):
        sent += 1
    assert sent == 255
    assert _wait(limits, 0, 1, Urgency.ENTRY) == pytest.approx(10)
    assert not any(_wait(limits, 0, 1, Urgency.PROTECT) for _ in range(45))
    assert _wait(limits, 0, 1, Urgency.PROTECT) == pytest.approx(10)
    time.at += 10
    assert _wait(limits, 0, 1, Urgency.ENTRY) == 0


def test_what_others_used_counts(limits: Limits) -> None:
    limits.heard({"x-mbx-order-count-10s": "300", "x-mbx-order-count-1m": "300"})
    assert _wait(limits, 0, 1, Urgency.PROTECT) > 0
    assert _wait(limits, 1, 0, Urgency.PROTECT) == 0  # cancels are no orders


def test_after_429_nothing_goes_until_retry_after(limits: Limits, time: _Time) -> None:
    limits.stop(429, 5.0, orders_only=False)
    for urgency in Urgency:
        assert _wait(limits, 1, 0, urgency) == pytest.approx(5)
    time.at += 5.1
    assert _wait(limits, 1, 0, Urgency.PROTECT) == 0


def test_too_many_orders_stop_orders_only(limits: Limits) -> None:
    limits.stop(429, 8.0, orders_only=True)
    assert _wait(limits, 0, 1, Urgency.PROTECT) == pytest.approx(8)
    assert _wait(limits, 1, 0, Urgency.READ) == 0


def test_a_ban_without_a_time_is_waited_for(limits: Limits) -> None:
    assert limits.stop(418, None, orders_only=True) >= 120
    assert _wait(limits, 1, 0, Urgency.PROTECT) >= 120


def test_limits_are_those_of_the_venue(limits: Limits) -> None:
    limits.learn(
        [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 100},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 10},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 20},
        ]
    )
    assert _wait(limits, 90, 0, Urgency.READ) > 0
    assert _wait(limits, 80, 0, Urgency.READ) == 0
    assert _wait(limits, 0, 11, Urgency.PROTECT) > 0


def test_a_firewall_is_left_alone_for_ever_longer_and_told_of(limits: Limits, time: _Time) -> None:
    told: list[str] = []
    limits.alarm = told.append
    pauses = []
    for _ in range(8):
        pauses.append(limits.stop(403, None, orders_only=False))
        assert limits.stop(403, None, orders_only=False) == pauses[-1]  # the answer to one that left beside it
        assert _wait(limits, 0, 1, Urgency.PROTECT) == pauses[-1]
        time.at += pauses[-1]
        assert _wait(limits, 0, 1, Urgency.PROTECT) == 0
    assert pauses == [5, 10, 20, 40, 60, 60, 60, 60]
    assert len(told) == 8 and told[1] == "Binance's firewall refuses requests (403): nothing is sent for 10 s"
    time.at += 301
    assert limits.stop(403, None, orders_only=False) == 5
