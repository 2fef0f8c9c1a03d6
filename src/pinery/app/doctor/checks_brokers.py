"""Real accounts: is the venue there, does it know us, is the account set up as configured? Only questions are asked.

Whoever is at work keeps being so: at Tradovate a further login would throw another session out, so the login that the
worker keeps is used, and a new one only made where no worker holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pinery.app.doctor.checking import Check, Finding, ok, warning
from pinery.app.doctor.patient import NotThere, Patient

if TYPE_CHECKING:
    from pinery.trading.contracts import Contract
    from pinery.trading.deployments import Account


def brokers(patient: Patient) -> Iterator[Finding]:
    from pinery.app.config.broker_settings import Given, settings_of
    from pinery.app.doctor.venue_binance import look_at_binance
    from pinery.app.doctor.venue_ccxt import look_at_ccxt
    from pinery.app.doctor.venue_tradovate import look_at_tradovate
    from pinery.trading.broker import Environment

    looks: dict[str, Any] = {"binance": look_at_binance, "tradovate": look_at_tradovate, "ccxt": look_at_ccxt}
    real = {name: one for name, one in patient.accounts.items() if one.environment is not Environment.PAPER}
    if not real:
        raise NotThere("no account has a real broker")
    given = Given(patient.configuration.folder, patient.configuration.secret)
    for name, account in real.items():
        settings = settings_of(account, given)
        yield _environment(account, settings)
        yield from looks[account.broker](patient, account, settings, contracts_of(patient, name))


def _environment(account: Account, settings: Any) -> Finding:
    where = getattr(settings, "rest_url", "") or f"the hosts of {getattr(settings, 'exchange', account.broker)}"
    if account.environment.value == "live":
        return warning(f"{account.name}: LIVE, real money, at {where}", "nothing, if that is meant")
    return ok(f"{account.name}: {account.environment.value}, no real money, at {where}")


def contracts_of(patient: Patient, account: str) -> dict[str, Contract]:
    """What the account's deployments would trade now, by deployment."""
    from pinery.app.up.directory import ConfiguredDirectory
    from pinery.trading.denials import Denial

    directory = ConfiguredDirectory(patient.configuration)
    found: dict[str, Contract] = {}
    for name, deployment in patient.deployments.items():
        if deployment.account != account:
            continue
        contract = directory.contract_for(deployment.symbol, deployment, patient.now)
        if not isinstance(contract, Denial):
            found[name] = contract
    return found


CHECKS = (
    Check("broker", "whether each real broker answers, knows the account, and is set up as configured", brokers, True),
)
