"""How charts are doing, every alert that they fired or missed, and when replayed markets began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.running import insert_if_new, insert_or_replace
from pinery.adapters.store.tables import chart_alerts, charts, feed_anchors
from pinery.adapters.store.views.connection import connection
from pinery.charts.records import AlertOutcome, ChartAlert, ChartRow, ChartState
from pinery.trading.store import Tx

_SAVE = insert_or_replace(charts)
_RECORD = insert_if_new(chart_alerts, "deployment", "key")
_ANCHOR = insert_if_new(feed_anchors, "feed")
_MOVE = insert_or_replace(feed_anchors)
_MANY = 500  # keys in one statement


# --- charts ---------------------------------------------------------------------------


def save_chart(tx: Tx, row: ChartRow) -> None:
    """Replaces what was known of the deployment's chart."""
    on = connection(tx)
    on.execute(_SAVE.into(on), {**asdict(row), "state": row.state.value})


def get_chart(tx: Tx, deployment: str) -> ChartRow | None:
    found = connection(tx).execute(sa.select(charts).where(charts.c.deployment == deployment)).first()
    return None if found is None else _chart(found)


def _chart(row: sa.Row[Any]) -> ChartRow:
    values = dict(row._mapping)
    return ChartRow(**{**values, "state": ChartState(values["state"])})


# --- alerts ---------------------------------------------------------------------------


def record_alert(tx: Tx, alert: ChartAlert) -> bool:
    """Whether it was not on record yet. The first one stays as it is."""
    on = connection(tx)
    row = {**asdict(alert), "outcome": alert.outcome.value}
    return on.execute(_RECORD.into(on).returning(chart_alerts.c.key), row).first() is not None


def settle_alert(tx: Tx, deployment: str, key: str, outcome: AlertOutcome) -> None:
    """What became of an alert that was due."""
    connection(tx).execute(
        sa.update(chart_alerts)
        .where(chart_alerts.c.deployment == deployment, chart_alerts.c.key == key)
        .values(outcome=outcome.value)
    )


def recorded_keys(tx: Tx, deployment: str, keys: Iterable[str]) -> set[str]:
    """Those of ``keys`` that are on record."""
    wanted, found = list(keys), set[str]()
    for start in range(0, len(wanted), _MANY):
        some = chart_alerts.c.key.in_(wanted[start : start + _MANY])
        query = sa.select(chart_alerts.c.key).where(chart_alerts.c.deployment == deployment, some)
        found.update(connection(tx).execute(query).scalars())
    return found


def newest_keys(tx: Tx, deployment: str, most: int) -> list[str]:
    """Of the alerts that fired last."""
    at = chart_alerts.c.at
    query = sa.select(chart_alerts.c.key).where(chart_alerts.c.deployment == deployment).order_by(at.desc())
    return list(connection(tx).execute(query.limit(most)).scalars())


def due_alerts(tx: Tx, deployment: str) -> list[ChartAlert]:
    """Alerts that are still to be sent, in the order in which they fired."""
    query = sa.select(chart_alerts).where(
        chart_alerts.c.deployment == deployment,
        chart_alerts.c.outcome.in_((AlertOutcome.DUE.value, AlertOutcome.CATCHING_UP.value)),
    )
    return [_alert(row) for row in connection(tx).execute(query.order_by(chart_alerts.c.at, chart_alerts.c.key))]


def last_alert_at(tx: Tx, deployment: str) -> int:
    """When the newest one was recorded (Unix ms of the clock); 0: none was."""
    query = sa.select(sa.func.max(chart_alerts.c.at)).where(chart_alerts.c.deployment == deployment)
    return connection(tx).execute(query).scalar() or 0


def count_alerts(tx: Tx, since: int) -> Mapping[str, int]:
    """By deployment, of those recorded since then (Unix ms of the clock)."""
    query = sa.select(chart_alerts.c.deployment, sa.func.count()).where(chart_alerts.c.at >= since)
    return {name: int(count) for name, count in connection(tx).execute(query.group_by(chart_alerts.c.deployment))}


def _alert(row: sa.Row[Any]) -> ChartAlert:
    values = dict(row._mapping)
    return ChartAlert(**{**values, "outcome": AlertOutcome(values["outcome"])})


# --- anchors --------------------------------------------------------------------------


def anchor(store: SqlStore, name: str, proposed: int) -> int:
    """The moment kept under ``name``: ``proposed`` (Unix ms) the first time, and the same ever after.

    Any number of processes may ask at once: all get the same.
    """
    kept = store.read(lambda tx: kept_anchor(tx, name))
    if kept is not None:
        return kept
    query = sa.select(feed_anchors.c.began).where(feed_anchors.c.feed == name)

    def keep(tx: Tx) -> int:
        on = connection(tx)
        on.execute(_ANCHOR.into(on), {"feed": name, "began": proposed, "data": {}})
        return int(on.execute(query).scalar_one())

    return store.write(keep)


def kept_anchor(tx: Tx, name: str) -> int | None:
    """The moment kept under ``name``; None before somebody asked for it."""
    query = sa.select(feed_anchors.c.began).where(feed_anchors.c.feed == name)
    kept = connection(tx).execute(query).scalar()
    return None if kept is None else int(kept)


def beginning(tx: Tx, deployment: str) -> tuple[int, Mapping[str, Any]] | None:
    """Where the history of a chart begins (Unix ms of the market), and what it was chosen for."""
    query = sa.select(feed_anchors.c.began, feed_anchors.c.data).where(feed_anchors.c.feed == _of_chart(deployment))
    found = connection(tx).execute(query).first()
    return None if found is None else (int(found.began), found.data)


def begin(tx: Tx, deployment: str, began: int, data: Mapping[str, Any]) -> None:
    on = connection(tx)
    on.execute(_MOVE.into(on), {"feed": _of_chart(deployment), "began": began, "data": dict(data)})


def _of_chart(deployment: str) -> str:
    return f"chart:{deployment}"  # no feed has a colon in its name
