"""What ``pinery sim`` says: addresses and credentials at first, then what happens."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pinery.app.terminal import console
from pinery.simulators.common.faults import FaultKind

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_STYLES = {"fill": "green", "fault": "yellow", "failed": "red", "note": "cyan"}


class Log:
    """A line for each thing that happens. Questions that were answered are left out unless ``verbose``."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose

    def say(self, kind: str, text: str) -> None:
        at = f"{datetime.now(UTC):%H:%M:%S}"
        line = Text.assemble((at, "dim"), "  ", (f"{kind:7}", _STYLES.get(kind, "")), "  ")
        line.append("".join(char if char.isprintable() else "\ufffd" for char in text))
        console().print(line)

    def wrap(self, app: App) -> App:
        """``app``, with its requests and connections told of. Queries hold signatures and are left out."""

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            status: int | None = None

            async def noted(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                elif message["type"] == "websocket.accept":
                    self.say("stream", f"{scope['path']} opened")
                await send(message)

            began = time.monotonic()
            try:
                await app(scope, receive, noted)
            finally:
                if scope["type"] == "http":
                    self._request(scope, status, time.monotonic() - began)
                elif scope["type"] == "websocket":
                    self.say("stream", f"{scope['path']} closed")

        return told

    def _request(self, scope: Scope, status: int | None, seconds: float) -> None:
        failed = status is None or status >= 400
        if scope["method"] == "GET" and not failed and not self._verbose:
            return
        answer = "cut" if status is None else str(status)
        text = f"{scope['method']} {scope['path']}  {answer}  {seconds * 1000:.0f} ms"
        self.say("failed" if failed else "request", text)


def welcome(title: str, facts: dict[str, str], pasting: list[tuple[str, str]], notes: list[str]) -> None:
    """``pasting``: (where, text) of what belongs into files."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name, "cyan"), Text(value))
    parts: list[Any] = [table]
    for where, text in pasting:
        parts += [Text(), Text(f"# {where}", "dim"), Text(text.rstrip())]
    if notes:
        parts += [Text(), *(Text(note, "dim") for note in notes)]
    console().print(Panel(Group(*parts), title=title, title_align="left", border_style="green", expand=False))


def show_faults(kinds: Mapping[str, FaultKind]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("Fault", "What happens"):
        table.add_column(name, no_wrap=name == "Fault", overflow="fold")
    for name, kind in kinds.items():
        table.add_row(Text(name), Text(kind.text))
    console().print(table)
