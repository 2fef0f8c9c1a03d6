"""What closed trades brought."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.performance import PerformanceView, performance_view
from pinery.core.errors import UsageError
from pinery.gateway.control.answers import answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import QueryText, Since
from pinery.market.symbols import lookup

Zone = Annotated[
    str,
    Query(max_length=64, pattern=r"^[A-Za-z0-9_+/-]*$", description="IANA name.", examples=["America/New_York"]),
]


def performance_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])

    @router.get("/performance", response_model=PerformanceView)
    def get_performance(
        deployment: QueryText = "", account: QueryText = "", since: Since = None, zone: Zone = "UTC"
    ) -> Response:
        """Figures of closed trades for each currency: per deployment and in total, and profit by day, hour and weekday
        of the exit."""
        calendar = time_zone(zone)
        table = parts.configuration().symbol_table
        return answer(
            parts.store.read(
                lambda tx: performance_view(
                    tx,
                    calendar,
                    zone,
                    lambda symbol: lookup(symbol, table).currency,
                    deployment=deployment,
                    account=account,
                    since=since,
                )
            )
        )

    return router


def time_zone(name: str) -> ZoneInfo:
    """Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name may also be a folder of names
        raise UsageError(f"there is no time zone {name!r}", "use an IANA name, for example America/Chicago") from None
