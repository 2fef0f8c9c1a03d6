"""A real server on a real port for tests, and the messages that it stored."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pinery.gateway.settings import Hook, WebhookSettings
from pinery.gateway.webhook import create_app, serve
from pinery.gateway.webhook.tokens import new_token, token_hash
from pinery.trading.store import Message, Store

TOKEN = new_token()
HOOKS = {"demo": Hook("demo", (token_hash(TOKEN),))}
OPEN = WebhookSettings(allow_loopback=True)


@contextmanager
def running(
    store: Store,
    settings: WebhookSettings = OPEN,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    **parts: Any,
) -> Iterator[str]:
    """The server's URL. It runs on a loop and thread of its own, as in a process."""
    listening: threading.Event = threading.Event()
    ports: list[int] = []
    stop: list[Any] = []
    parts.setdefault("hooks", lambda: HOOKS)
    app = create_app(settings, store=store, **parts)

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopping.set))

        def told(port: int) -> None:
            ports.append(port)
            listening.set()

        await serve(app, "127.0.0.1", 0, stopping, listening=told)

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert listening.wait(60)
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        stop[0]()
        thread.join(60)
        assert not thread.is_alive()


def stored(store: Store) -> list[Message]:
    """In the order in which workers take them."""
    return store.read(lambda tx: tx.inbox.pending(["demo", "other"], 1_000_000, 2**62))
