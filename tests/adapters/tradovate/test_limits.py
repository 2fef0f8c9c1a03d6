"""Our own pace: what protects or closes goes first."""

from __future__ import annotations

import asyncio

import pytest

from pinery.adapters.tradovate.errors import Captcha, Unsent
from pinery.adapters.tradovate.limits import Limits, Urgency

pytestmark = pytest.mark.anyio


class _Clock:
    """Of the event loop, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> int:
        return round(self.monotonic() * 1000)

    def now_us(self) -> int:
        return round(self.monotonic() * 1e6)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


async def test_a_burst_goes_at_once_and_then_the_urgent_first() -> None:
    limits = Limits(_Clock(), per_second=100.0, burst=3, per_hour=1000, longest=5.0)
    done: list[str] = []

    async def act(name: str, urgency: Urgency) -> None:
        await limits.action(urgency)
        done.append(name)

    for i in range(3):
        await act(f"burst {i}", Urgency.OPENING)
    waiting = [
        asyncio.create_task(act(name, urgency))
        for name, urgency in (
            ("entry 1", Urgency.OPENING),
            ("entry 2", Urgency.OPENING),
            ("amend", Urgency.AMENDING),
            ("stop", Urgency.CLOSING),
            ("cancel", Urgency.CLOSING),
        )
    ]
    await asyncio.gather(*waiting)
    assert done[3:] == ["stop", "cancel", "amend", "entry 1", "entry 2"]
    limits.close()


async def test_who_would_wait_too_long_is_not_sent() -> None:
    limits = Limits(_Clock(), per_second=0.5, burst=1, per_hour=1000, longest=0.02)
    await limits.action(Urgency.OPENING)
    with pytest.raises(Unsent, match="too many requests"):
        await limits.action(Urgency.CLOSING)
    limits.close()


async def test_the_hours_last_requests_are_for_closing() -> None:
    clock = _Clock()
    limits = Limits(clock, per_second=1e6, burst=100, per_hour=20, longest=1.0)
    for _ in range(18):
        await limits.action(Urgency.OPENING)
    with pytest.raises(Unsent, match="hour") as failure:
        await limits.action(Urgency.OPENING)
    assert 0 < (failure.value.retry_after or 0) <= 3600
    await limits.action(Urgency.CLOSING)
    await limits.action(Urgency.CLOSING)
    with pytest.raises(Unsent):
        await limits.action(Urgency.CLOSING)
    clock.ahead = 3601
    await limits.action(Urgency.OPENING)
    limits.close()


async def test_who_gave_up_takes_no_turn() -> None:
    limits = Limits(_Clock(), per_second=20.0, burst=1, per_hour=1000, longest=5.0)
    await limits.action(Urgency.OPENING)
    first, second = (asyncio.create_task(limits.action(Urgency.OPENING)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled()
    limits.close()


async def test_everything_is_held() -> None:
    told: list[str] = []
    limits = Limits(_Clock(), per_second=1000.0, burst=10, per_hour=1000, longest=1.0)
    limits.wants_person = lambda reason, seconds: told.append(f"{reason} {seconds:g}")
    limits.hold(0.3, "a pause")
    with pytest.raises(Unsent, match="a pause"):
        limits.check()
    await limits.passing(1.0)
    limits.hold(3600, "a captcha", captcha=True)
    limits.hold(1, "a pause")  # the longer one counts
    with pytest.raises(Captcha):
        await limits.action(Urgency.CLOSING)
    assert told == ["a captcha 3600"]
    limits.close()
