"""What the API needs of the configuration; it is asked anew for each request, so reloading it needs no restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from pinery.charts.settings import ChartSettings, FeedSettings
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from pinery.market.symbols import SymbolTable, lookup
from pinery.trading.channels import Route, channels_for
from pinery.trading.clock import Clock
from pinery.trading.control import Names
from pinery.trading.deployments import Account, Deployment
from pinery.trading.events import Event
from pinery.trading.store import Store


class ConfigurationLike(Protocol):
    @property
    def accounts(self) -> Mapping[str, Account]: ...
    @property
    def deployments(self) -> Mapping[str, Deployment]: ...
    @property
    def routes(self) -> tuple[Route, ...]: ...
    @property
    def channels(self) -> Mapping[str, Any]: ...
    @property
    def feeds(self) -> Mapping[str, FeedSettings]: ...
    @property
    def charts(self) -> Mapping[str, ChartSettings]: ...
    @property
    def symbol_table(self) -> SymbolTable: ...


#: Risk, reward and their ratio of a deployment's trades, as facts for JSON; None where nothing can be said.
RiskTable = Callable[[Deployment], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with. ``stopping`` tells streams that the server is about to end."""

    settings: ControlSettings
    store: Store
    configuration: Callable[[], ConfigurationLike]
    clock: Clock
    metrics: Callable[[], str] | None
    risk: RiskTable | None
    stopping: Callable[[], bool]
    services: Services

    @property
    def idle_ms(self) -> int:
        return self.settings.session_minutes * 60_000

    def names(self) -> Names:
        configuration = self.configuration()
        return Names(
            tuple(configuration.accounts),
            {name: deployment.account for name, deployment in configuration.deployments.items()},
        )

    def channels(self, event: Event) -> Iterable[str]:
        return channels_for(event, self.configuration().routes)

    def point_value(self, symbol: str) -> Decimal:
        return Decimal(repr(lookup(symbol, self.configuration().symbol_table).pointvalue))
