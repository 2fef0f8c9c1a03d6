"""What people decided: trading states, commands, and the record of who did what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.running import Running, insert_or_replace
from pinery.adapters.store.tables import audit, commands, states
from pinery.trading.store import Command, CommandKind, StateRow, TradingState

_STATES = sa.select(states.c.scope, states.c.state, states.c.reason, states.c.by, states.c.at)
_SET = insert_or_replace(states)
_COMMAND = sa.insert(commands).returning(commands.c.id)
_WAITING = (
    sa.select(commands)
    .where(commands.c.account == sa.bindparam("of"), commands.c.finished.is_(None))
    .order_by(commands.c.id)
)
_FOR_WHOM = sa.select(commands.c.account).where(commands.c.finished.is_(None)).distinct()
_FINISH = (
    sa.update(commands)
    .where(commands.c.id == sa.bindparam("command"), commands.c.finished.is_(None))
    .values(finished=sa.bindparam("when"), result=sa.bindparam("outcome"))
)
_AUDIT = sa.insert(audit).inline()


class States:
    def __init__(self, running: Running) -> None:
        self._running = running

    def all(self) -> dict[str, StateRow]:
        return {
            row.scope: StateRow(row.scope, TradingState(row.state), row.reason, row.by, row.at)
            for row in self._running.connection.execute(_STATES)
        }

    def set(self, row: StateRow) -> None:
        self._running.woken = True
        connection = self._running.connection
        connection.execute(
            _SET.into(connection),
            {"scope": row.scope, "state": row.state.value, "reason": row.reason, "by": row.by, "at": row.at},
        )


class Commands:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, command: Command) -> int:
        self._running.woken = True
        given = self._running.connection.execute(
            _COMMAND,
            {
                "kind": command.kind.value,
                "account": command.account,
                "deployment": command.deployment,
                "by": command.by,
                "at": command.at,
                "data": command.data,
                "note": command.note,
                "finished": command.finished,
                "result": command.result,
            },
        )
        return int(given.scalar_one())

    def pending(self, account: str) -> list[Command]:
        found = self._running.connection.execute(_WAITING, {"of": account})
        return [Command(**{**row._mapping, "kind": CommandKind(row.kind)}) for row in found]

    def waiting(self) -> set[str]:
        return set(self._running.connection.execute(_FOR_WHOM).scalars())

    def finish(self, command_id: int, at: int, result: str) -> None:
        self._running.connection.execute(_FINISH, {"command": command_id, "when": at, "outcome": result})


class Audit:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, at: int, by: str, action: str, scope: str, note: str, data: Mapping[str, Any]) -> None:
        self._running.connection.execute(
            _AUDIT, {"at": at, "by": by, "action": action, "scope": scope, "note": note, "data": data}
        )
