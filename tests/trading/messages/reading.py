"""Messages as the inbox holds them."""

from __future__ import annotations

from typing import Any

import pytest

from pinery.trading.deployments import Deployment
from pinery.trading.messages import Unreadable, read_message
from pinery.trading.signals import Signal, Source
from pinery.trading.store import Message

RECEIVED = 1_748_871_303_000  # 2025-06-02 13:35:03 UTC


def deployment(**rules: Any) -> Deployment:
    return Deployment("demo", "paper", "CME_MINI:ES1!", **rules)


def message(body: str, source: Source = Source.WEBHOOK, received: int = RECEIVED, number: int = 7) -> Message:
    return Message("demo", source, body, received * 1000, id=number)


def read(body: str, **rules: Any) -> Signal:
    return read_message(message(body), deployment(**rules))


def reason(body: str, **rules: Any) -> str:
    with pytest.raises(Unreadable) as refused:
        read(body, **rules)
    return refused.value.reason
