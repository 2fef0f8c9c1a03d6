"""``pinery halt``, ``resume``, ``flatten``, ``cancel``: they need the store and nothing else."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pinery.app.operate.opening import FolderOption, JsonOption, Opened, opened, say
from pinery.core.errors import UsageError
from pinery.trading import control
from pinery.trading.control import resolve_scope
from pinery.trading.errors import Refused
from pinery.trading.store import StateRow, TradingState, Tx

if TYPE_CHECKING:
    from pinery.adapters.store.views.records import CommandRow

ScopeArgument = Annotated[
    str, typer.Argument(metavar="[SCOPE]", help="all, account:NAME, deployment:NAME, or a name that only one has.")
]
ReasonOption = Annotated[str, typer.Option("--reason", "-m", metavar="TEXT", help="Why: goes into the audit log.")]
WaitOption = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for the result.")]

_LOOK = 0.1


def register(app: typer.Typer) -> None:
    app.command("halt", epilog="Example: pinery halt · pinery halt account:paper --reason 'news at 14:30'")(halt)
    app.command("resume", epilog="Example: pinery resume")(resume)
    app.command("flatten", epilog="Example: pinery flatten all --yes --halt · pinery flatten deployment:demo")(flatten)
    app.command("cancel", epilog="Example: pinery cancel pn-abcdefghijklm-e0")(cancel)


def halt(
    scope: ScopeArgument = "all",
    reason: ReasonOption = "",
    exits: Annotated[bool, typer.Option("--exits-only", help="Signals may still close positions.")] = False,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """The kill switch: no signal is traded until `pinery resume`. Stops and targets at the broker stay."""
    _set(folder, scope, TradingState.REDUCING if exits else TradingState.HALTED, reason, as_json)


def resume(
    scope: ScopeArgument = "all", reason: ReasonOption = "", as_json: JsonOption = False, folder: FolderOption = Path()
) -> None:
    """Let signals trade again."""
    _set(folder, scope, TradingState.ACTIVE, reason, as_json)


def flatten(
    scope: ScopeArgument = "all",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    and_halt: Annotated[bool, typer.Option("--halt", help="Halt too: the next signal must not enter again.")] = False,
    reason: ReasonOption = "",
    wait: WaitOption = 30.0,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Cancel all orders and close all positions of the scope, after asking."""
    from pinery.adapters.store.views.positions import list_positions

    with opened(folder) as here:
        names = here.names()
        where = resolve_scope(scope, names)
        if not yes:
            held = here.store.read(
                lambda tx: list_positions(
                    tx,
                    here.point_value(),
                    account=where.name if where.kind == "account" else "",
                    deployment=where.name if where.kind == "deployment" else "",
                )
            )
            _confirm(f"close {len(held)} positions and cancel all orders of {where}?")
        person = here.person(reason)

        def work(tx: Tx) -> list[int]:
            if and_halt:
                control.halt(tx, where, person, names)
            return control.request_flatten(tx, where, person, names)

        ids = here.store.write(work)
        _tell(_wait_for(here, ids, wait), f"flatten {where}", wait, as_json)


def cancel(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The order, as `pinery orders` lists it.")],
    reason: ReasonOption = "",
    wait: WaitOption = 10.0,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Cancel a working order."""
    with opened(folder) as here:
        person = here.person(reason)
        number = here.store.write(lambda tx: control.request_cancel(tx, client_id, person))
        _tell(_wait_for(here, [number], wait), f"cancel {client_id}", wait, as_json)


def _set(folder: Path, scope: str, state: TradingState, reason: str, as_json: bool) -> None:
    from pinery.adapters.store.views.values import iso, to_json

    with opened(folder) as here:
        names = here.names()
        where = resolve_scope(scope, names)
        person = here.person(reason)
        rows = here.store.write(lambda tx: control.set_state(tx, where, state, person, names))
    if as_json:
        states = [{"scope": r.scope, "state": r.state, "reason": r.reason, "by": r.by, "at": iso(r.at)} for r in rows]
        print(to_json({"scope": str(where), "state": state, "states": states}, indent=2))
        return
    say(f"{where} is {state.value}")
    for row in rows:
        if row.scope != str(where):
            say(_also(row))


def _also(row: StateRow) -> str:
    return f"{row.scope} is {row.state.value}" + (f": {row.reason}" if row.reason else "")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("this needs a confirmation", "add --yes")
    if not typer.confirm(question, err=True):
        raise Refused("nothing was done")


def _wait_for(here: Opened, ids: Sequence[int], seconds: float) -> list[CommandRow]:
    """The commands, finished or as far as they got in time."""
    from pinery.adapters.store.views.records import commands_by_id

    until = time.monotonic() + seconds
    while True:
        rows = here.store.read(lambda tx: commands_by_id(tx, ids))
        if all(row.finished for row in rows) or time.monotonic() >= until:
            return rows
        time.sleep(_LOOK)


def _tell(rows: list[CommandRow], what: str, waited: float, as_json: bool) -> None:
    """Says what came of it. Raises Refused where it has not happened yet: it stays asked for."""
    from pinery.adapters.store.views.values import to_json

    if as_json:
        print(to_json(rows, indent=2))
    else:
        for row in rows:
            if row.finished:
                say(f"{row.account}: {row.result or 'done'}")
    open_ = [row.account for row in rows if not row.finished]
    if open_ and waited:
        raise Refused(
            f"{what}: no worker has answered for {', '.join(open_)} within {waited:g} s; it stays asked for",
            "`pinery status` shows whether one runs; `pinery up` starts it; else close at the broker by hand",
        )
    if open_ and not as_json:
        say(f"{what}: asked for")
