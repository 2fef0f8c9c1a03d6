"""The control API, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI

from pinery.adapters.store.people import Role
from pinery.core.version import VERSION
from pinery.gateway.control.access import health_routes, login_routes
from pinery.gateway.control.acting import acting_routes
from pinery.gateway.control.administration import administration_routes
from pinery.gateway.control.answers import needs
from pinery.gateway.control.backtests import backtest_routes
from pinery.gateway.control.charts import chart_routes
from pinery.gateway.control.configuration import ConfigurationLike, Parts, RiskTable
from pinery.gateway.control.deployments import deployment_routes
from pinery.gateway.control.exports import export_routes
from pinery.gateway.control.guard import LOGINS, OPEN, Guard
from pinery.gateway.control.instruments import instrument_routes
from pinery.gateway.control.performance import performance_routes
from pinery.gateway.control.problems import PROBLEMS, Problem, install
from pinery.gateway.control.reading import audit_routes, reading_routes
from pinery.gateway.control.scripts import script_routes
from pinery.gateway.control.services import Services
from pinery.gateway.control.stream import stream_routes
from pinery.gateway.control.system import system_routes
from pinery.gateway.control.views import view_routes
from pinery.gateway.settings import ControlSettings
from pinery.trading.clock import Clock
from pinery.trading.store import Store

_DESCRIPTION = """Look at and steer what Pinery trades.

Programs send `Authorization: Bearer TOKEN` (`pinery token add`). Browsers log in at `/api/v1/login`, get a cookie, and
send the answer's `csrf` as `X-CSRF-Token` with requests that change something.

Roles: a **viewer** reads, a **trader** also trades, an **admin** also manages users and tokens.

Prices, quantities and money are JSON numbers with all their digits; times are ISO 8601 in UTC. Lists come newest first
with a `next` cursor. Errors are `application/problem+json` with `code`, `message` and `hint`.
"""


def create_app(
    settings: ControlSettings,
    store: Store,
    configuration: Callable[[], ConfigurationLike],
    clock: Clock,
    metrics: Callable[[], str] | None = None,
    risk: RiskTable | None = None,
    stopping: Callable[[], bool] = lambda: False,
    services: Services | None = None,
) -> FastAPI:
    """``metrics`` is Prometheus' text; ``risk`` what a deployment's trades risk and may win; ``stopping`` ends
    streams; ``services`` what else the server can do."""
    parts = Parts(settings, store, configuration, clock, metrics, risk, stopping, services or Services())
    app = FastAPI(
        title="Pinery control",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # by a route below, which needs a login
        separate_input_output_schemas=False,
    )
    install(app)
    app.add_middleware(Guard, parts=parts)
    app.include_router(health_routes(parts))
    api = APIRouter(prefix="/api/v1")
    for routes in (
        login_routes,
        stream_routes,
        reading_routes,
        performance_routes,
        instrument_routes,
        export_routes,
        chart_routes,
        view_routes,
        system_routes,
        script_routes,
        backtest_routes,
        acting_routes,
        deployment_routes,
        administration_routes,
        audit_routes,
    ):
        app.include_router(routes(parts), prefix="/api/v1")

    @api.get("/openapi.json", tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    def get_openapi() -> dict[str, Any]:
        """This description."""
        return app.openapi()

    app.include_router(api)
    describe = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            _describe(describe())
        return describe()

    app.openapi = described  # type: ignore[method-assign]
    return app


def _describe(schema: dict[str, Any]) -> None:
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN | LOGINS else [{"token": []}]
