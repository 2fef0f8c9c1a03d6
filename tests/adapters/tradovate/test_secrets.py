"""Passwords, keys and tokens are in no log, error, representation or report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from pinery.core.errors import PineryError
from pinery.trading.orders.model import Ticket
from tests.adapters.conformance.harness import Fault, Maker, Reader
from tests.adapters.tradovate.harness import PASSWORD, SEC, TradovateHarness, quick

pytestmark = pytest.mark.anyio


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


async def test_nothing_secret_is_shown(logged: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    harness = TradovateHarness(tmp_path)
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    said: list[str] = []
    try:
        for fault in ("lost", "unanswered", "garbled", "status", "rate_limit", "evicted", "refused", "captcha"):
            harness.arm(fault, "order/placeorder")
            try:
                await harness.broker.submit(Ticket(make.buy()))
            except PineryError as error:
                said += [repr(error), str(error), str(error.__cause__), str(error.__context__)]
            harness.simulator.faults.clear()
        harness.fault("query", Fault.FAILED)
        try:
            await harness.broker.snapshot()
        except PineryError as error:
            said.append(repr(error))
        harness.simulator.hub.shutdown("Maintenance", "soon back")
        session = harness.broker.inner._session
        assert session is not None
        said += [repr(each) for each in (session, session.auth, session.rest, session.stream, reader.seen)]
    finally:
        await reader.close()
        await harness.stop()
    broker = harness.make(password="another-secret", waits=quick(connecting=0.2))  # nobody is there
    with pytest.raises(PineryError) as refusal:
        await broker.connect()
    said.append(repr(refusal.value))
    await broker.close()
    kept = json.loads((tmp_path / "token.json").read_text())["token"]
    sessions = harness.simulator.sessions
    tokens = {token for each in sessions.open() for token in (*each.tokens, *each.md_tokens)} | sessions._ended
    out = capfd.readouterr()
    text = "\n".join([*said, *map(str, logged), out.out, out.err])
    assert "tradovate_login" in text
    for secret in (PASSWORD, SEC, "another-secret", *tokens, *([kept["access"]] if kept else [])):
        assert secret not in text
