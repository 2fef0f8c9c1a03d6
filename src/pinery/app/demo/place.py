"""The demo's folder: made at the first start, gone on with at the next ones."""

from __future__ import annotations

import json
import os
import secrets as randomness
import shutil
import time
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import tomlkit

from pinery.adapters.store import one_time, people
from pinery.adapters.store.database import open_store
from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.config.schema import SCHEMA_NAME, schema
from pinery.app.config.secrets import SECRETS_NAME, token_hash, write_secrets
from pinery.app.library import library_folder
from pinery.app.ports import first_free
from pinery.app.settings import FILE_NAME
from pinery.app.up.supervisor import take_folder
from pinery.core.errors import UsageError
from pinery.gateway.settings import ControlSettings, WebhookSettings
from pinery.trading.errors import ConfigError, Refused

HOST = "127.0.0.1"
OUTSIDE = "tradingview"  # the deployment that gets its alerts from outside
USER = "admin"
LOG_NAME = "pinery.log"
START = "2025-10-15T13:42:00Z"  # of the market: an hour in which every script has signals soon

#: Webhook, dashboard, notifications: the first ones that are tried.
PORTS = (WebhookSettings().port, ControlSettings().port, ControlSettings().port + 1)

_MARK = ".pinery.demo"  # nothing is deleted in a folder without it
_MADE = (FILE_NAME, SECRETS_NAME, SCHEMA_NAME, LOG_NAME, ".gitignore", "strategies", "backups")
_LINK_MS = 12 * 3_600_000


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that a start needs. Addresses with secrets in them are not part of its repr."""

    configuration: Configuration
    is_new: bool
    hook_url: str = field(repr=False)  # where the alerts from outside go
    page_path: str = field(repr=False)
    page_port: int
    login_url: str = field(repr=False)  # works once
    notes: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.configuration.folder

    @property
    def page_url(self) -> str:
        return f"http://{HOST}:{self.page_port}/{self.page_path}/"

    @property
    def log(self) -> Path:
        return self.folder / LOG_NAME


def prepare(
    folder: Path, *, fresh: bool = False, speed: float | None = None, ports: tuple[int, int, int] = PORTS
) -> Place:
    """Raises Refused for a folder that is somebody else's or in use, UsageError where it cannot be written."""
    path = folder / FILE_NAME
    if path.exists() and not (folder / _MARK).exists():
        raise Refused(f"{folder} holds a {FILE_NAME} that is not the demo's", hint="name another folder: --dir DIR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        take_folder(folder).close()
        if fresh:
            _clear(folder)
        is_new = not path.exists()
        if is_new:
            _make(folder, ports, speed)
        notes, page_port = _settle(folder, ports[2], speed)
        values = _secrets(folder, page_port)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}", hint="name another: --dir") from None
    configuration = load_configuration(folder)
    return Place(
        configuration=configuration,
        is_new=is_new,
        hook_url=configuration.webhook.hook_url(values["tradingview"]),
        page_path=values["page_path"],
        page_port=page_port,
        login_url=f"{configuration.control.url}/#login={_login(configuration)}",
        notes=tuple(notes),
    )


def _clear(folder: Path) -> None:
    if not (folder / _MARK).exists():
        return
    for path in (*(folder / name for name in _MADE), *folder.glob("pinery.db*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make(folder: Path, ports: tuple[int, int, int], speed: float | None) -> None:
    """What the user may change; what is there already, stays."""
    (folder / _MARK).touch()
    scripts = folder / "strategies"
    scripts.mkdir(exist_ok=True)
    for script in sorted((library_folder() / "strategies").glob("*.pine")):
        if not (scripts / script.name).exists():
            shutil.copyfile(script, scripts / script.name)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    (folder / SCHEMA_NAME).write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    values = {
        "@WEBHOOK_PORT@": str(ports[0]),
        "@CONTROL_PORT@": str(ports[1]),
        "@SPEED@": f"{speed or 60:g}",
        "@START@": json.dumps(START),
    }
    text = (resources.files(__package__) / "demo.toml").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(name, value)
    temporary = folder / f".{FILE_NAME}.new"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / FILE_NAME)


def _settle(folder: Path, page: int, speed: float | None) -> tuple[list[str], int]:
    """Sees to it that the ports in the file are free; the notifications' port, and what there is to say."""
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
        document = tomlkit.parse(text)
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError):
        hint = "pinery config check says where; pinery demo --fresh begins anew"
        raise ConfigError(f"{path} is not valid TOML", hint=hint) from None
    notes: list[str] = []
    taken: list[int] = []

    def free(name: str, wanted: int) -> int:
        port = first_free(HOST, wanted, taken)
        taken.append(port)
        if port != wanted:
            notes.append(f"port {wanted} is taken by another program: the {name} is on port {port}")
        return port

    for section, name, default in (("webhook", "webhook", PORTS[0]), ("control", "dashboard", PORTS[1])):
        table = document.setdefault(section, tomlkit.table())
        table["port"] = free(name, int(table.get("port", default)))
    if speed is not None:
        document.setdefault("feeds", tomlkit.table()).setdefault("market", tomlkit.table())["speed"] = _plain(speed)
    if tomlkit.dumps(document) != text:
        path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return notes, free("page of notifications", page)


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _secrets(folder: Path, page_port: int) -> dict[str, str]:
    """The secrets file, with what the demo needs to know again at the next start."""
    path = folder / SECRETS_NAME
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    table = document.setdefault("secrets", tomlkit.table())
    for name in ("tradingview", "page_path"):
        if not isinstance(table.get(name), str):
            table[name] = randomness.token_urlsafe(32)
    table["notifications"] = f"http://{HOST}:{page_port}/{table['page_path']}/in"
    tokens = document.setdefault("webhook_tokens", tomlkit.table())
    hashes = list(tokens.get(OUTSIDE, []))
    own = f"sha256:{token_hash(str(table['tradingview']))}"
    if own not in hashes:
        tokens[OUTSIDE] = [*hashes, own]
    write_secrets(path, tomlkit.dumps(document))
    return {name: str(table[name]) for name in ("tradingview", "page_path")}


def _login(configuration: Configuration) -> str:
    """A code that logs the administrator in once; the database and its first user are made where there are none."""
    store = open_store(configuration.store_url, create=True)
    try:
        now = time.time_ns() // 1_000_000
        if all(user.name != USER for user in store.read(people.list_users)):
            people.create_user(store, USER, randomness.token_urlsafe(24), people.Role.ADMIN, now, "pinery demo")
        return one_time.make_code(store, USER, now, _LINK_MS, "pinery demo")
    finally:
        store.close()


def shown(folder: Path) -> str:
    """As a user would type it."""
    try:
        return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)
    except OSError:
        return str(folder)
