"""Accounts' options as their brokers read them: for whoever makes a broker, and to find mistakes before that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinery.app.config.findings import Finding
from pinery.app.config.secrets import Secrets, how_to_give
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account
from pinery.trading.errors import ConfigError

_MISSING = "(a secret that is not there)"


@dataclass(frozen=True, slots=True)
class Given:
    """``folder`` is that of pinery.toml; ``secret`` gives the value of a secret by its name, or raises ConfigError."""

    folder: Path
    secret: Callable[[str], str]


def _paper(account: Account, given: Given) -> Any:
    from pinery.adapters.paper.settings import PaperSettings

    return PaperSettings.from_options(account.options)


def _binance(account: Account, given: Given) -> Any:
    from pinery.adapters.binance.settings import BinanceSettings

    return BinanceSettings.from_options(account.options, account.environment, given.secret)


def _tradovate(account: Account, given: Given) -> Any:
    from pinery.adapters.tradovate.settings import TradovateSettings

    return TradovateSettings.from_options(account.options, account.environment, given.secret, given.folder)


def _ccxt(account: Account, given: Given) -> Any:
    from pinery.adapters.ccxt.settings import CcxtSettings

    return CcxtSettings.from_options(account.options, account.environment, given.secret)


#: By the name of the broker. Each raises ConfigError with a finding for every option that is wrong.
SETTINGS: dict[str, Callable[[Account, Given], Any]] = {
    "paper": _paper,
    "binance": _binance,
    "tradovate": _tradovate,
    "ccxt": _ccxt,
}


def settings_of(account: Account, given: Given) -> Any:
    """Raises ConfigError for a broker that is not there, or options that it does not take."""
    read = SETTINGS.get(account.broker)
    if read is None:
        known = ", ".join(SETTINGS)
        raise ConfigError(f"account {account.name}: there is no broker {account.broker!r}", hint=f"known: {known}")
    return read(account, given)


def credentials(account: Account, secrets: Secrets) -> tuple[str, ...]:
    """Values of the secrets that the account names, to see whether they have changed. Never to be shown."""
    return tuple(
        secrets.value(name) if secrets.has(name) else ""
        for option, name in sorted(account.options.items())
        if option.endswith("_secret")
    )


def hosts(account: Account, given: Given) -> dict[str, str]:
    """Where an account's requests go: setting -> address. Raises ConfigError."""
    if account.environment is Environment.PAPER:
        return {}
    settings = settings_of(account, given)
    urls = {name: getattr(settings, name, "") for name in ("rest_url", "stream_url", "md_url")}
    return {name: url for name, url in urls.items() if url}


def account_findings(account: Account, folder: Path, secrets: Secrets) -> Iterator[Finding]:
    """What the broker says of its options, and which secrets are missing."""
    path = ("accounts", account.name)
    for option, name in account.options.items():
        if option.endswith("_secret") and not secrets.has(name):
            yield Finding((*path, option), f'there is no secret "{name}"; {how_to_give(name)}')

    def secret(name: str) -> str:
        if not secrets.has(name):
            raise ConfigError(_MISSING)
        return secrets.value(name)

    try:
        settings_of(account, Given(folder, secret))
    except ConfigError as error:
        for text in error.findings or (error.message,):
            if _MISSING in text:
                continue
            option, _, rest = text.partition(" ")
            option = option.rstrip(":")
            known = option in account.options
            yield Finding((*path, option) if known else path, rest if known else text)
