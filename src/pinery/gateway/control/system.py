"""Routes about the system itself: how it does, its notifications, its backups."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from shutil import disk_usage
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.notifications import NotificationRow, list_notifications, newest_notification
from pinery.adapters.store.views.paging import Page
from pinery.adapters.store.views.status import component_views
from pinery.adapters.store.views.system import (
    DiskView,
    StoreView,
    SystemView,
    UptimeView,
    latencies,
    store_view,
    uptime_rows,
)
from pinery.adapters.store.views.values import iso
from pinery.core.version import VERSION
from pinery.gateway.control.answers import Admin, answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.reading import Recorded
from pinery.gateway.control.requests import ChannelBody, QueryText
from pinery.gateway.control.services import BackupFile, provided
from pinery.trading.control import near
from pinery.trading.errors import NotFound
from pinery.trading.events import Event
from pinery.trading.store import Tx


def system_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["system"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    services, store, clock = parts.services, parts.store, parts.clock
    started = clock.now()

    @router.get("/system", response_model=SystemView)
    def get_system() -> Response:
        """Versions, uptimes, latencies, the store's size, room on the disk."""
        now = clock.now()

        def work(tx: Tx) -> tuple[StoreView, Sequence[object], tuple[UptimeView, ...]]:
            return store_view(tx, services.store_url), component_views(tx, now), uptime_rows(tx, now)

        kept, components, uptimes = store.read(work)
        figures = services.figures(now) if services.figures is not None else None
        return answer(
            {
                "version": VERSION,
                "python": platform.python_version(),
                "started": iso(started),
                "time": iso(now),
                "store": kept,
                "components": components,
                "uptimes": uptimes,
                "latency": latencies(figures) if figures is not None else {},
                "disk": _disk(parts),
            }
        )

    @router.get("/notifications", response_model=Page[NotificationRow])
    def get_notifications(
        filters: Recorded,
        channel: QueryText = "",
        status: Annotated[Literal["", "due", "sent", "failed"], Query(description="Empty: all.")] = "",
    ) -> Response:
        """What went to channels, waits for it, or was given up; newest first."""
        return answer(store.read(lambda tx: list_notifications(tx, filters, channel, status)))

    @router.get("/notifications/channels", response_model=tuple[str, ...])
    def get_channels() -> Response:
        """Names of the channels that notifications can go to."""
        return answer(tuple(parts.configuration().channels))

    @router.post("/notifications/test", response_model=NotificationRow, status_code=202)
    def test_channel(body: ChannelBody, who: Admin) -> Response:
        """Send a test message to a channel; GET /notifications tells what became of it."""
        channels = parts.configuration().channels
        if body.channel not in channels:
            hint = near(body.channel, channels, "none is configured")
            raise NotFound(f"there is no channel named {body.channel!r}", hint)
        event = Event("test", clock.now(), f"a test message to {body.channel}, asked for by {who.name}")

        def work(tx: Tx) -> None:
            tx.outbox.add([event], lambda _: (body.channel,))
            tx.audit.add(event.at, who.name, "notification.test", body.channel, "", {"via": "api"})

        store.write(work)
        return answer(store.read(lambda tx: newest_notification(tx, body.channel)), 202)

    @router.get("/backups", response_model=tuple[BackupFile, ...])
    def get_backups() -> Response:
        """Backups in the configured folder, newest first."""
        return answer(provided(services.backups, "backups").all())

    @router.post("/backups", response_model=BackupFile, status_code=201)
    def make_backup(who: Admin) -> Response:
        """Make a backup now and verify it by restoring it. Takes as long as that takes."""
        made = provided(services.backups, "backups").make(who.name)
        return answer(made, 201)

    return router


def _disk(parts: Parts) -> DiskView | None:
    if parts.services.folder is None:
        return None
    usage = disk_usage(parts.services.folder)
    return DiskView(usage.total, usage.free)
