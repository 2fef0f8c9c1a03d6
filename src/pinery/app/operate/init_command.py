"""``pinery init``: a folder with which ``pinery up`` works at once."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import time
import tomllib
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pinery.app.ports import first_free, is_free
from pinery.app.settings import FILE_NAME, TRADING_SECTIONS
from pinery.app.terminal import console
from pinery.core.errors import UsageError
from pinery.gateway.settings import ControlSettings, WebhookSettings
from pinery.trading.errors import Refused

DEPLOYMENT = "demo"
ADMIN = "admin"
_MESSAGE = '{"signal":"IN","instrument":"ETHUSDT.P","price":4000}'
_IGNORED = ("pinery.secrets.toml", "tradovate-*.json", ".pinery.*", "pinery.db*", "backups/")


@dataclass(frozen=True, slots=True)
class Started:
    """What ``init`` made. ``password`` is empty where the database had its users already."""

    webhook_url: str
    control_url: str
    folder: str
    deployment: str
    curl: str
    user: str
    password: str
    notes: tuple[str, ...]


def register(app: typer.Typer) -> None:
    app.command("init", epilog="Example: pinery init trading && cd trading && pinery up")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; it is made if need be.")] = Path(),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a pinery.toml that is there; it is kept as pinery.toml.old.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65534, help="Port of the webhook; the control API takes the next one.")
    ] = None,
    store: Annotated[
        str, typer.Option(metavar="URL", help="sqlite:///FILE, or postgresql://USER@HOST/DATABASE.")
    ] = "sqlite:///pinery.db",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: webhook_url, control_url and more.")] = False,
) -> None:
    """Write a starter pinery.toml with a paper account and a webhook to try."""
    made = start(folder, force=force, port=port, store=store)
    if as_json:
        print(json.dumps(asdict(made), indent=2))
    else:
        _show(made, folder)


def start(folder: Path, *, force: bool = False, port: int | None = None, store: str = "sqlite:///pinery.db") -> Started:
    """Raises Refused where a pinery.toml is there, UsageError where nothing can be written, StoreError."""
    from pinery.app.config.reading import load_configuration
    from pinery.app.config.tokens import add_token

    path = folder / FILE_NAME
    kept = _kept(path, force)
    webhook_port, control_port, notes = _ports(port)
    text = starter(webhook_port, control_port, store)
    was_there = path.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if was_there:
            path.replace(path.with_name(FILE_NAME + ".old"))
            notes.append(f"the {FILE_NAME} that was there is now {FILE_NAME}.old")
        _ignore(folder / ".gitignore")
        _write_new(path, f"{kept.rstrip()}\n\n{text}" if kept else text)
        _write_schema(folder)
        _write_script(folder / "scripts" / "trend.pine")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}", hint="choose another folder"
        ) from None
    try:
        token = add_token(folder, DEPLOYMENT)
        configuration = load_configuration(folder)
        password = _admin(configuration.store_url)
    except BaseException:  # the next try finds the folder as this one did
        path.unlink()
        if was_there:
            path.with_name(FILE_NAME + ".old").replace(path)
        raise
    url = configuration.webhook.hook_url(token)
    if not password:
        notes.append("the database was there already, with its users")
    curl = f"curl -X POST {shlex.quote(url)} -H 'Content-Type: application/json' -d {shlex.quote(_MESSAGE)}"
    return Started(
        webhook_url=url,
        control_url=configuration.control.url,
        folder=str(configuration.folder),
        deployment=DEPLOYMENT,
        curl=curl,
        user=ADMIN,
        password=password,
        notes=tuple(notes),
    )


def _write_script(path: Path) -> None:
    """What the suggestions of the starter run; a script of that name that is there already stays."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(files("pinery.app.config").joinpath("starter.pine").read_bytes())


def starter(webhook_port: int, control_port: int, store: str) -> str:
    """The text of a first pinery.toml."""
    text = files("pinery.app.config").joinpath("starter.toml").read_text(encoding="utf-8")
    return (
        text.replace("@WEBHOOK_PORT@", str(webhook_port))
        .replace("@CONTROL_PORT@", str(control_port))
        .replace("@STORE@", json.dumps(store))
    )


def _kept(path: Path, force: bool) -> str:
    """The text of a file that has settings for scripts only: they stay. Raises Refused without ``force``."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except NotADirectoryError:
        raise UsageError(f"{path.parent} is a file", hint="choose another folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    try:
        names = set(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        names = set(TRADING_SECTIONS)
    for_scripts = not names & TRADING_SECTIONS
    if not force and for_scripts:
        hint = (
            "pinery init --force keeps its settings and adds those of trading; or init another folder: pinery init DIR"
        )
        raise Refused(f"{path} is there already, with settings for scripts", hint=hint)
    if not force:
        hint = "init another folder: pinery init DIR; --force replaces it, and keeps it as pinery.toml.old"
        raise Refused(f"{path} is there already", hint=hint)
    return text if for_scripts else ""


def _ports(wanted: int | None) -> tuple[int, int, list[str]]:
    """Free ones for webhook and control, and what to say about them."""
    host = WebhookSettings().host
    if wanted is not None:
        if not is_free(host, wanted):
            raise Refused(f"port {wanted} is taken", hint="leave --port out and a free one is found")
        return wanted, first_free(host, wanted + 1), []
    webhook = first_free(host, WebhookSettings().port)
    default = ControlSettings().port
    control = first_free(host, default if webhook < default else webhook + 1)
    notes = []
    for what, chosen, usual in (("webhook", webhook, WebhookSettings().port), ("control", control, default)):
        if chosen != usual:
            notes.append(f"port {usual} is taken: the {what} is on port {chosen}")
    return webhook, control, notes


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _write_schema(folder: Path) -> None:
    from pinery.app.config.schema import SCHEMA_NAME, schema

    (folder / SCHEMA_NAME).write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _ignore(path: Path) -> None:
    """Adds what must not be published to .gitignore."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [name for name in _IGNORED if name not in text.splitlines()]
    if missing:
        path.write_text(f"{text.rstrip()}\n" * bool(text) + "\n".join(missing) + "\n", encoding="utf-8")


def _admin(store_url: str) -> str:
    """Makes the database, and the first login; its password, or "" where there are users already."""
    from pinery.adapters.store.database import open_store
    from pinery.adapters.store.people import Role, create_user, list_users

    store = open_store(store_url, create=True)
    try:
        if store.read(list_users):
            return ""
        password = secrets.token_urlsafe(15)
        create_user(store, ADMIN, password, Role.ADMIN, now=time.time_ns() // 1_000_000, by="pinery init")
        return password
    finally:
        store.close()


def _show(made: Started, folder: Path) -> None:
    start_here = "pinery up" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(os.fspath(folder))} && pinery up"
    screen = console()
    for note in made.notes:
        screen.print(Text.assemble(("note: ", "yellow"), note))
    screen.print(Text.assemble((made.folder, "green"), ": one paper account, one deployment named ", made.deployment))
    lines = [
        ("Start it:", start_here),
        ("Send an alert:", made.curl),
        ("See what it did:", "pinery signals · pinery orders · pinery positions"),
        ("Webhook:", made.webhook_url),
        ("Control:", made.control_url),
    ]
    if made.password:
        lines.append(("Login:", f"{made.user} {made.password}"))
    screen.print()
    for name, value in lines:
        screen.print(Text.assemble((f"{name:18}", "cyan"), value))
    screen.print()
    if made.password:
        screen.print("Webhook address and password are shown this once; only their hashes are kept.", style="dim")
    screen.print(
        f"TradingView needs a public https address: public_url under \\[webhook] in {FILE_NAME}. "
        "After a change: pinery config check.",
        style="dim",
    )
