"""What was wanted, and what was decided."""

from __future__ import annotations

import sqlalchemy as sa

from pinery.adapters.store.records import from_json, to_json
from pinery.adapters.store.running import Running
from pinery.adapters.store.tables import signals
from pinery.trading.signals import Signal, Source
from pinery.trading.store import Decision

_ADD = sa.insert(signals)
_FIND = (
    sa.select(signals.c.id)
    .where(signals.c.deployment == sa.bindparam("of"))
    .where(signals.c.key == sa.bindparam("same"))
    .where(signals.c.received > sa.bindparam("after"))
    .order_by(signals.c.received.desc())
    .limit(1)
)
_LAST_ALERT = (
    sa.select(signals.c.signal)
    .where(signals.c.deployment == sa.bindparam("of"))
    .where(signals.c.source.in_((Source.WEBHOOK.value, Source.CHART.value)))
    .order_by(signals.c.received.desc(), signals.c.message_id.desc())
    .limit(1)
)
_GET = sa.select(signals.c.signal).where(signals.c.id == sa.bindparam("signal_id"))
_STAMP = (
    sa.update(signals)
    .where(signals.c.id == sa.bindparam("signal_id"))
    .values(
        sent_us=sa.func.coalesce(signals.c.sent_us, sa.bindparam("sent", type_=sa.BigInteger)),
        filled_us=sa.func.coalesce(signals.c.filled_us, sa.bindparam("filled", type_=sa.BigInteger)),
    )
)


class Signals:
    def __init__(self, running: Running) -> None:
        self._running = running
        self._added: dict[tuple[str, str], tuple[int, str]] = {}  # in this transaction: key -> received, id

    def add(self, signal: Signal, decision: Decision, account: str, decided_us: int) -> None:
        self._running.later(
            _ADD,
            signals,
            [
                {
                    "id": signal.id,
                    "deployment": signal.deployment,
                    "account": account,
                    "key": signal.key,
                    "action": signal.action.value,
                    "word": signal.word,
                    "source": signal.source.value,
                    "symbol": signal.symbol,
                    "received": signal.received,
                    "message_id": signal.message_id,
                    "outcome": decision.outcome.value,
                    "code": decision.code,
                    "reason": decision.reason,
                    "steps": decision.steps,
                    "signal": to_json(signal),
                    "decided_us": decided_us,
                }
            ],
        )
        self._added[signal.deployment, signal.key] = (signal.received, signal.id)

    def find(self, deployment: str, key: str, received_after: int) -> str | None:
        received, added = self._added.get((deployment, key), (0, None))
        if added is not None and received > received_after:
            return added
        found = self._running.connection.execute(_FIND, {"of": deployment, "same": key, "after": received_after})
        name: str | None = found.scalar()
        return name

    def get(self, signal_id: str) -> Signal | None:
        self._running.settle(signals)
        data = self._running.connection.execute(_GET, {"signal_id": signal_id}).scalar()
        return None if data is None else from_json(Signal, data)

    def last_alert(self, deployment: str) -> Signal | None:
        self._running.settle(signals)
        data = self._running.connection.execute(_LAST_ALERT, {"of": deployment}).scalar()
        return None if data is None else from_json(Signal, data)

    def stamp(self, signal_id: str, *, sent_us: int | None = None, filled_us: int | None = None) -> None:
        self._running.later(_STAMP, signals, [{"signal_id": signal_id, "sent": sent_us, "filled": filled_us}])
