"""A configuration as plain data, to be shown: secrets left out, values written as in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from pinery.app.config.broker_settings import Given, hosts
from pinery.app.config.configuration import Configuration
from pinery.trading import distances, windows
from pinery.trading.deployments import Distance, Window

_LEFT_OUT = frozenset({"store_url", "hooks", "symbol_table", "secrets", "warnings"})


def effective(configuration: Configuration) -> dict[str, Any]:
    """Every setting with its value, defaults included. JSON."""
    shown = {
        field.name: _plain(getattr(configuration, field.name))
        for field in fields(configuration)
        if field.name not in _LEFT_OUT
    }
    for account in effective_accounts(configuration):
        shown["accounts"][account["name"]]["hosts"] = account["hosts"]
    shown["store_url"] = make_url(configuration.store_url).render_as_string(hide_password=True)
    shown["webhook_tokens"] = {name: len(hook.token_hashes) for name, hook in configuration.hooks.items()}
    shown["secrets"] = configuration.secrets.names()
    return shown


def effective_accounts(configuration: Configuration) -> list[dict[str, Any]]:
    """Name, broker, environment, and the addresses that requests of real accounts go to."""
    given = Given(configuration.folder, configuration.secret)
    return [
        {
            "name": account.name,
            "broker": account.broker,
            "environment": account.environment.value,
            "hosts": hosts(account, given),
        }
        for account in configuration.accounts.values()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Distance):
        return distances.format(value)
    if isinstance(value, Window):
        return windows.format_window(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Path):
        return str(value)
    return value
