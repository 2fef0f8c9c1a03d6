"""``pinery signal``: a signal by hand."""

from __future__ import annotations

import secrets
import sys
import time
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pinery.app.operate.opening import FolderOption, JsonOption, Opened, opened, say
from pinery.core.errors import DataError, UsageError
from pinery.trading.control import ManualSignal, give_signal
from pinery.trading.errors import Refused

if TYPE_CHECKING:
    from pinery.adapters.store.views.signals import MessageRow, SignalDetail

_LOOK = 0.05
_PATIENCE = 10.0


def register(app: typer.Typer) -> None:
    app.command("signal", epilog="Example: pinery signal demo IN --note 'breakout' · pinery signal demo OUT")(signal)


def signal(
    deployment: Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="Name of the deployment.")],
    word: Annotated[str, typer.Argument(metavar="SIGNAL", help="IN, OUT, CALL, PUT, … or a word of the deployment.")],
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="Why: is kept with the signal.")] = "",
    quantity: Annotated[
        str | None, typer.Option(metavar="N", help="Contracts; default: the deployment's size.")
    ] = None,
    price: Annotated[str | None, typer.Option(metavar="PRICE", help="The price that you see.")] = None,
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="Default: the deployment's.")] = "",
    stop: Annotated[str, typer.Option(metavar="DISTANCE", help='A price, "1%", "20 ticks", "5 points".')] = "",
    target: Annotated[str, typer.Option(metavar="DISTANCE", help="As --stop.")] = "",
    wait: Annotated[
        bool | None, typer.Option("--wait/--no-wait", help="Wait for the decision; default: at a terminal.")
    ] = None,
    patience: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait.")] = _PATIENCE,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Give a deployment a signal by hand; it goes the way of every alert."""
    from pinery.adapters.store.views.values import to_json

    given = ManualSignal(
        word,
        f"manual-{secrets.token_hex(8)}",
        symbol,
        _amount("--quantity", quantity),
        _amount("--price", price),
        stop,
        target,
    )
    with opened(folder) as here:
        chosen = here.configuration.deployment(deployment)
        person = here.person(note)
        number = here.store.write(lambda tx: give_signal(tx, chosen, given, person))
        if not (sys.stdout.isatty() if wait is None else wait):
            if as_json:
                print(to_json({"message": number, "deployment": deployment, "signal": word}, indent=2))
            else:
                say(f"message {number}: {deployment} {word}; `pinery signals` shows what becomes of it")
            return
        message, detail = _wait_for(here, number, patience)
    if as_json:
        print(to_json({"message": message, "signal": detail}, indent=2))
    _tell(message, detail, patience, quiet=as_json)


def _wait_for(here: Opened, number: int, seconds: float) -> tuple[MessageRow | None, SignalDetail | None]:
    from pinery.adapters.store.views.signals import message, signal_detail
    from pinery.trading.store import MessageStatus

    until = time.monotonic() + seconds
    while True:
        found = here.store.read(lambda tx: message(tx, number))
        if found is None or found.status != MessageStatus.NEW:
            return found, here.store.read(partial(signal_detail, signal_id=found.signal_id)) if found else None
        if time.monotonic() >= until:
            return found, None
        time.sleep(_LOOK)


def _tell(message: MessageRow | None, detail: SignalDetail | None, waited: float, *, quiet: bool) -> None:
    """Raises Refused for a signal that was denied, or not looked at in time; DataError for one not understood."""
    if message is not None and message.status == "unparsed":
        raise DataError(f"the signal was not understood: {message.note}")
    if message is not None and message.status == "unclaimed":
        raise Refused(f"the signal was not acted on: {message.note}")
    if detail is None:
        raise Refused(
            f"nobody has looked at it within {waited:g} s; it waits in the inbox",
            "`pinery status` shows whether a worker runs; `pinery up` starts one",
        )
    found = detail.signal
    if found.outcome == "denied":
        raise Refused(f"{found.word} was denied: {found.code}: {found.reason}")
    if quiet:
        return
    say(f"{found.word}: {found.outcome}" + (f" ({found.reason})" if found.reason else ""))
    for order in detail.orders:
        say(f"  {order.side} {order.quantity:f} {order.symbol} {order.type} ({order.role}): {order.status}")


def _amount(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{option} {text!r} is no number") from None
    if not value.is_finite() or value <= 0:
        raise UsageError(f"{option} must be above 0, not {text}")
    return value
