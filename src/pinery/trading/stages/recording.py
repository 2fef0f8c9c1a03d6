"""Decisions and changes on record: the row, a line in the audit log and an event, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinery.trading.control import Person
from pinery.trading.events import Event
from pinery.trading.stages.ladder import rank
from pinery.trading.stages.records import Promotion
from pinery.trading.store import Tx


def record(tx: Tx, promotion: Promotion, account: str, person: Person) -> int:
    """Keeps a decision, granted or refused; returns its id."""
    number = tx.promotions.add(promotion)
    upwards = rank(promotion.after) > rank(promotion.before)
    action = ("promote" if upwards else "demote") if promotion.granted else "promotion refused"
    missing = [check["title"] for check in promotion.evidence.get("checks", ()) if not check["passed"]]
    facts: dict[str, Any] = {"before": promotion.before.value, "after": promotion.after.value}
    if missing:
        facts["missing"] = missing
    scope = f"deployment:{promotion.deployment}"
    tx.audit.add(
        person.at, person.name, action, scope, promotion.note, {"via": person.via, "promotion": number, **facts}
    )
    reason = ", ".join(missing) if missing else promotion.note
    if promotion.granted:
        text = f"{promotion.deployment} is at stage {promotion.after} (was {promotion.before}), by {person.name}"
    else:
        text = f"{promotion.deployment} was not promoted to {promotion.after}: {len(missing)} checks failed"
    event = Event(
        "stage.changed" if promotion.granted else "stage.refused",
        person.at,
        text + (f": {reason}" if reason else ""),
        deployment=promotion.deployment,
        account=account,
        data={**facts, "by": person.name, "reason": reason},
    )
    person.tell(tx, event)
    return number


def record_change(
    tx: Tx, deployment: str, account: str, action: str, text: str, person: Person, facts: Mapping[str, Any]
) -> None:
    """A deployment was made, removed, paused, or got a new token. ``text``: "X made the deployment demo"."""
    tx.audit.add(person.at, person.name, action, f"deployment:{deployment}", person.note, {"via": person.via, **facts})
    event = Event(
        "deployment.changed",
        person.at,
        text,
        deployment=deployment,
        account=account,
        data={**facts, "by": person.name, "reason": person.note},
    )
    person.tell(tx, event)
