#!/usr/bin/env python3
"""A new broker: ``scripts/new_broker.py kraken`` writes the folder of an adapter and the harness of its tests.

Everything that is to be written raises NotImplementedError with its name, so that the conformance suite says at each
test what is missing. Nothing that is there already is touched. The recipe is docs/new-broker.md.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")

SETTINGS = '''"""Settings of an account at TITLE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinery.adapters.common.options import Reader, read_options, secret_name
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CLASSSettings:
    environment: Environment
    api_key: str = field(repr=False)
    rest_url: str = ""

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], environment: Environment, secrets: Callable[[str], str]
    ) -> CLASSSettings:
        """Options ending in ``_secret`` name secrets. Raises ConfigError with a finding for each mistake."""
        found, findings = read_options(options, _OPTIONS, "an account at TITLE")
        if "api_key_secret" not in options:
            findings.append("api_key_secret is missing")
        if findings:
            raise ConfigError("options of the account at TITLE: " + "; ".join(findings), tuple(findings))
        return cls(environment, secrets(found["api_key_secret"]), found.get("rest_url", ""))


_OPTIONS: dict[str, Reader] = {"api_key_secret": secret_name, "rest_url": str}
'''

BROKER = '''"""An account at TITLE."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from pinery.adapters.common.last_look import MaySend, always
from pinery.adapters.NAME.settings import CLASSSettings
from pinery.trading.broker import Capabilities, Quote, Report, Snapshot, VenueOrder
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract, Terms
from pinery.trading.deployments import Account
from pinery.trading.orders.model import Amendment, Order, Ticket
from pinery.trading.reporting import ReportStream


class CLASSBroker:
    """``contract`` gives the facts of a symbol, or raises PineryError. ``may_send`` is asked right before a request
    leaves that changes something: where it is not True, NotSent."""

    def __init__(
        self,
        account: Account,
        settings: CLASSSettings,
        clock: Clock,
        contract: Callable[[str], Contract],
        may_send: MaySend = always,
    ) -> None:
        self._account = account
        self._settings = settings
        self._clock = clock
        self._contract = contract
        self._may_send = may_send
        self._stream = ReportStream()

    @property
    def capabilities(self) -> Capabilities:
        """What TITLE does by itself; what is False the desk does."""
        return Capabilities(
            name="NAME",
            environment=self._settings.environment,
            protection_with_entry=False,
            oco=False,
            reduce_only=False,
            reverse_in_one=False,
            trailing_stop=False,
            amend=False,
            market_data=False,
        )

    async def connect(self) -> None:
        raise NotImplementedError("NAME: connect: log in, open streams, then report CONNECTED")

    async def close(self) -> None:
        self._stream.close()
        self._stream = ReportStream()

    def terms(self, symbol: str) -> Terms | None:
        raise NotImplementedError("NAME: terms: what the venue takes of a contract, as last read; None where unknown")

    async def learn_terms(self) -> None:
        raise NotImplementedError("NAME: learn_terms: read them without logging in")

    def reports(self) -> AsyncIterator[Report]:
        return self._stream.read()

    async def submit(self, ticket: Ticket) -> str:
        raise NotImplementedError("NAME: submit: Rejected, NotSent or OutcomeUnknown, or the venue's order id")

    async def amend(self, order: Order, amendment: Amendment) -> None:
        raise NotImplementedError("NAME: amend")

    async def cancel(self, order: Order) -> None:
        raise NotImplementedError("NAME: cancel")

    async def find(self, order: Order) -> VenueOrder | None:
        raise NotImplementedError("NAME: find: by client id, final orders too; None only where that is certain")

    async def snapshot(self) -> Snapshot:
        raise NotImplementedError("NAME: snapshot: complete, or QueryFailed")

    async def price_seen(self, quote: Quote) -> None:
        """TITLE has prices of its own."""
'''

HARNESS = '''"""TITLE under the conformance suite, on a simulated venue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pinery.adapters.NAME.broker import CLASSBroker
from pinery.adapters.NAME.settings import CLASSSettings
from pinery.app.up.clock import SystemClock
from pinery.core.instrument import Instrument
from pinery.trading.broker import Environment
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from tests.adapters.conformance.harness import Fault, VenueTruth

ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, qty_step=0.001, mincontract=0.001, currency="USDT"),
)
ACCOUNT = Account("test", "NAME", Environment.DEMO, "USDT", leverage=Decimal(20))


class CLASSHarness:
    def __init__(self) -> None:
        self.symbol = ETH.symbol
        self.price = Decimal("2000.00")
        self.tick = ETH.tick
        self.quantity = Decimal("0.3")
        self.broker = CLASSBroker(ACCOUNT, CLASSSettings(Environment.DEMO, "key"), SystemClock(), lambda symbol: ETH)

    async def start(self) -> None:
        await self.broker.connect()

    async def stop(self) -> None:
        await self.broker.close()

    async def restart(self) -> None:
        raise NotImplementedError("harness: restart: a new broker at the same venue")

    async def move(self, price: Decimal) -> None:
        raise NotImplementedError("harness: move: the venue's market trades there")

    def fault(self, what: str, fault: Fault, times: int = 1) -> None:
        raise NotImplementedError("harness: fault: the venue's next requests go wrong")

    def in_parts(self, parts: int) -> bool:
        return False

    async def truth(self, client_ids: Iterable[str]) -> VenueTruth:
        raise NotImplementedError("harness: truth: what the venue itself knows, not asked through the adapter")
'''

CONFORMANCE = '''"""TITLE does what every broker does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.adapters.conformance.sessions import run_session
from tests.adapters.conformance.suite import BrokerConformance
from tests.adapters.NAME.harness import CLASSHarness


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def harness() -> AsyncIterator[CLASSHarness]:
    harness = CLASSHarness()
    await harness.start()
    yield harness
    await harness.stop()


class TestCLASS(BrokerConformance):
    pass


@pytest.mark.parametrize("seed", range(5))
def test_31_random_sessions(seed: int) -> None:
    asyncio.run(run_session(CLASSHarness(), seed))
'''

FILES = {
    "src/pinery/adapters/NAME/__init__.py": '"""TITLE."""\n',
    "src/pinery/adapters/NAME/settings.py": SETTINGS,
    "src/pinery/adapters/NAME/broker.py": BROKER,
    "tests/adapters/NAME/__init__.py": "",
    "tests/adapters/NAME/harness.py": HARNESS,
    "tests/adapters/NAME/test_conformance.py": CONFORMANCE,
}

NEXT = """\
Next, by docs/new-broker.md:
  1. pyproject.toml: pinery.adapters.NAME among the modules of "Adapters do not know each other"
  2. src/pinery/app/config/account_models.py: a model of [accounts.NAME], and a place in AnyAccount
  3. src/pinery/app/config/broker_settings.py: a row of SETTINGS; src/pinery/app/up/brokers.py: a row of BROKERS
  4. .venv/bin/python -m pytest tests/adapters/NAME says what is missing
"""


def write(name: str, root: Path = ROOT) -> list[Path]:
    """The files of the adapter ``name``. Raises ValueError for a name that cannot be, or is taken."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an adapter: lower-case letters and digits")
    if (root / "src/pinery/adapters" / name).exists():
        raise ValueError(f"there is an adapter {name} already")
    written = []
    for template, text in FILES.items():
        path = root / _filled(template, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(text, name), encoding="utf-8")
        written.append(path)
    return written


def _filled(text: str, name: str) -> str:
    return text.replace("NAME", name).replace("CLASS", name.capitalize()).replace("TITLE", name.capitalize())


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: scripts/new_broker.py NAME", file=sys.stderr)
        return 2
    try:
        written = write(sys.argv[1])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(str(path.relative_to(ROOT)) for path in written))
    print(_filled(NEXT, sys.argv[1]), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
