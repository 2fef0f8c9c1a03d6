"""Accounts of one user come and go: the login is handed on within the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pinery.adapters.tradovate import session
from pinery.adapters.tradovate.login import Login
from pinery.trading.errors import BrokerError
from tests.adapters.tradovate.harness import TradovateHarness, quick

pytestmark = pytest.mark.anyio


async def test_an_account_that_comes_while_the_last_one_leaves_gets_the_login(venue: TradovateHarness) -> None:
    """Its own process is not "another process of this machine"."""
    leaving, coming = venue.make(), venue.make()
    await leaving.connect()
    closing = asyncio.create_task(leaving.close())
    while session._open:
        await asyncio.sleep(0)
    assert not closing.done()
    await coming.connect()
    await closing
    assert (await coming.snapshot()).positions == ()
    await coming.close()


async def test_an_account_that_comes_while_a_feed_logs_in_takes_that_login(tmp_path: Path) -> None:
    """The feed, in another process, has the lock until Tradovate has answered."""
    venue = TradovateHarness(tmp_path, waits=quick(lock=60.0))
    await venue.serve()
    broker = venue.make()
    try:
        venue.arm("ticket", "auth/accesstokenrequest", seconds=0.3)
        login = asyncio.create_task(Login(venue.settings(), venue.clock).token())
        while venue.simulator.faults.armed:
            await asyncio.sleep(0.001)
        await broker.connect()
        await login
        assert len(venue.simulator.sessions.open()) == 1
        assert (await broker.snapshot()).positions == ()
    finally:
        await broker.close()
        await venue.shut()


async def test_an_account_that_is_closed_while_it_waits_for_the_lock_leaves_it_alone(tmp_path: Path) -> None:
    venue = TradovateHarness(tmp_path, waits=quick(lock=60.0))
    await venue.serve()
    other = session.UserLock(venue.settings())
    other.take()
    try:
        connecting = asyncio.create_task(venue.make().connect())
        while not session._open:
            await asyncio.sleep(0)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        assert not session._open
        with pytest.raises(BrokerError, match="another process"):
            session.UserLock(venue.settings()).take()
    finally:
        other.release()
        await venue.shut()
