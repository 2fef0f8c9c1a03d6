"""Decisions about stages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.running import Running
from pinery.adapters.store.tables import promotions
from pinery.trading.deployments import Stage
from pinery.trading.stages.records import Promotion

_LONGEST_HISTORY = 200

_ADD = sa.insert(promotions).returning(promotions.c.id)
_OF = (
    sa.select(promotions)
    .where(promotions.c.deployment == sa.bindparam("of"))
    .order_by(promotions.c.id.desc())
    .limit(_LONGEST_HISTORY)
)
_STAGE = (
    sa.select(promotions.c.after)
    .where(promotions.c.deployment == sa.bindparam("of"), promotions.c.granted)
    .order_by(promotions.c.id.desc())
    .limit(1)
)


class Promotions:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, promotion: Promotion) -> int:
        given = self._running.connection.execute(
            _ADD,
            {
                "deployment": promotion.deployment,
                "before": promotion.before.value,
                "after": promotion.after.value,
                "at": promotion.at,
                "by": promotion.by,
                "granted": promotion.granted,
                "note": promotion.note,
                "evidence": promotion.evidence,
            },
        )
        return int(given.scalar_one())

    def of(self, deployment: str) -> list[Promotion]:
        return [_promotion(row) for row in self._running.connection.execute(_OF, {"of": deployment})]

    def stage(self, deployment: str) -> Stage | None:
        found = self._running.connection.execute(_STAGE, {"of": deployment}).scalar()
        return None if found is None else Stage(found)


def _promotion(row: Any) -> Promotion:
    return Promotion(**{**row._mapping, "before": Stage(row.before), "after": Stage(row.after)})
