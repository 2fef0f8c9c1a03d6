"""``pinery sim``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command(
        "sim",
        epilog="Example: pinery sim binance --write · pinery sim tradovate --bars CME_MINI:ES1!=es.csv --speed 60 "
        "--fault unanswered:5%",
    )(sim)


def sim(
    venue: Annotated[str, typer.Argument(metavar="VENUE", help="binance or tradovate.")],
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one. [8790, 8791]")
    ] = None,
    bars: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYMBOL=BARS",
            help="What is traded: a file of bars, the timeframe of stored ones, or synthetic; repeatable.",
        ),
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=3600, help="Market time per clock time.")] = 1.0,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="The market's time at first; without it the clock's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed meets the same prices and faults.")] = 1,
    balance: Annotated[float | None, typer.Option(min=1, help="Money of the account. [10000 USDT, 50000 USD]")] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep everything there: a restart goes on from it.")
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME[:MUCH]", help="Arm a fault: once, NAME:3 times, NAME:5%; repeatable."),
    ] = None,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Print all faults and end.")] = False,
    key: Annotated[str, typer.Option("--key", "--user", help="API key, or user name; else made.")] = "",
    secret: Annotated[str, typer.Option("--secret", "--password", help="Its secret, or password; else made.")] = "",
    account: Annotated[str, typer.Option(metavar="NAME", help="Name in pinery.toml. [VENUE-sim]")] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Put account, feed and secrets into the present folder's files.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log questions that were answered, too.")] = False,
) -> None:
    """Run a simulated venue on this machine: the broker's own protocol on bars played back, with faults on demand."""
    from decimal import Decimal

    from pinery.app.config.findings import did_you_mean
    from pinery.app.sim.options import SimOptions, read_account, read_bars, read_fault, read_start
    from pinery.app.sim.running import run
    from pinery.app.sim.telling import show_faults
    from pinery.app.sim.venues import VENUES
    from pinery.core.errors import UsageError

    if venue not in VENUES:
        raise UsageError(f"there is no simulator of {venue!r}", did_you_mean(venue, VENUES))
    of = VENUES[venue]
    if list_faults:
        show_faults(of.faults)
        return
    options = SimOptions(
        venue=venue,
        port=of.port if port is None else port,
        bars=read_bars(bars or [], of.symbols),
        speed=speed,
        start=read_start(start),
        seed=seed,
        balance=of.balance if balance is None else Decimal(repr(balance)),
        state=state,
        faults=tuple(read_fault(text) for text in faults or []),
        key=key,
        secret=secret,
        account=read_account(account or f"{venue}-sim"),
        write=Path.cwd() if write else None,
        verbose=verbose,
    )
    asyncio.run(run(options))
