"""Messages whose deployment is gone: no desk looks for them, so they would wait for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pinery.trading.denials import DENIALS
from pinery.trading.desk import telling
from pinery.trading.events import Event
from pinery.trading.store import Message, Tx

_NOTE = f"UNKNOWN_DEPLOYMENT: {DENIALS['UNKNOWN_DEPLOYMENT']}"


def give_up(deployments: Iterable[str], tx: Tx, now: int, channels: Callable[[Event], Iterable[str]]) -> list[Message]:
    """Waiting messages of ``deployments`` end, each with its reason and an event. ``now``: Unix ms.

    They stay in the inbox as they came; a deployment made later under the same name does not act on them.
    """
    ended = tx.inbox.give_up(deployments, _NOTE)
    if ended:
        tx.outbox.add([telling.unclaimed(message, now) for message in ended], channels)
    return ended
