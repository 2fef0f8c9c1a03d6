"""``pinery user`` and ``pinery token``: who may use the control API."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pinery.app.operate.opening import FolderOption, JsonOption, me, now_us, opened, read_duration, say, table, when
from pinery.app.terminal import console
from pinery.core.errors import UsageError

RoleOption = Annotated[
    str,
    typer.Option("--role", metavar="ROLE", help="viewer (looks), trader (also trades), admin (also manages users)."),
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]

_DAY_MS = 86_400_000


def register(app: typer.Typer) -> None:
    users = _group("user", "Users of the control API: add, list, password, disable, link.")
    users.command("add", epilog="Example: pinery user add ada --role trader")(add_user)
    users.command("list", epilog="Example: pinery user list --json")(list_users)
    users.command("password", epilog="Example: pinery user password ada")(set_password)
    users.command("disable", epilog="Example: pinery user disable ada · pinery user disable ada --undo")(disable_user)
    users.command("link", epilog="Example: pinery user link ada --for 15m")(link_user)
    tokens = _group("token", "Tokens of programs that use the control API: add, list, revoke.")
    tokens.command("add", epilog="Example: pinery token add grafana --role viewer --days 365")(add_token)
    tokens.command("list", epilog="Example: pinery token list")(list_tokens)
    tokens.command("revoke", epilog="Example: pinery token revoke grafana")(revoke_token)
    app.add_typer(users)
    app.add_typer(tokens)


def add_user(
    name: NameArgument, role: RoleOption = "viewer", from_stdin: StdinOption = False, folder: FolderOption = Path()
) -> None:
    """Add somebody who may log in."""
    from pinery.adapters.store import people

    people.parse_role(role)
    with opened(folder) as here:
        made = people.create_user(here.store, name, _password(from_stdin), role, now_us() // 1000, me())
    say(f"{made.name} may log in as {made.role.value}")


def list_users(as_json: JsonOption = False, folder: FolderOption = Path()) -> None:
    """Everybody who may log in."""
    from pinery.adapters.store import people

    with opened(folder) as here:
        rows = [_row(user) for user in here.store.read(people.list_users)]
    made = table("Name", "Role", "Created", "State")
    for row in rows:
        locked = row["locked_until"] is not None and row["locked_until"] > _now()
        state = "disabled" if row["disabled"] else "locked" if locked else ""
        made.add(row["name"], row["role"], when(row["created"]), state)
    _show(rows, as_json, made, "no users yet; `pinery user add NAME --role admin` makes one")


def set_password(name: NameArgument, from_stdin: StdinOption = False, folder: FolderOption = Path()) -> None:
    """Set a new password; ends the user's sessions and lifts a lock."""
    from pinery.adapters.store import people

    with opened(folder) as here:
        people.set_password(here.store, name, _password(from_stdin), now_us() // 1000, me())
    say(f"{name} has a new password")


def disable_user(
    name: NameArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user log in again.")] = False,
    folder: FolderOption = Path(),
) -> None:
    """Keep somebody out, at once."""
    from pinery.adapters.store import people

    with opened(folder) as here:
        people.set_disabled(here.store, name, not undo, now_us() // 1000, me())
    say(f"{name} is {'enabled' if undo else 'disabled'}")


def link_user(
    name: NameArgument,
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="How long it can be used: 15m, 2h, 1d.")] = "15m",
    folder: FolderOption = Path(),
) -> None:
    """Print a link that logs somebody in, once."""
    from pinery.adapters.store import one_time

    seconds = read_duration(lasts, "--for")
    with opened(folder) as here:
        code = one_time.make_code(here.store, name, now_us() // 1000, seconds * 1000, me())
        print(f"{here.configuration.control.url}/#login={code}")
    console(stderr=True).print(f"logs {name} in once, within {lasts}; who has the link is {name}")


def add_token(
    name: NameArgument,
    role: RoleOption = "viewer",
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="It ends after so many days; default: never.")
    ] = None,
    as_json: JsonOption = False,
    folder: FolderOption = Path(),
) -> None:
    """Make a token for a program; it is shown this once."""
    from pinery.adapters.store import people
    from pinery.adapters.store.views.values import to_json

    now = now_us() // 1000
    expires = None if days is None else now + days * _DAY_MS
    with opened(folder) as here:
        secret, token = people.create_token(here.store, name, role, now, expires, me())
    if as_json:
        print(to_json({"secret": secret, **_row(token)}, indent=2))
    else:
        print(secret)
        console(stderr=True).print(f"token {name} ({token.role.value}); keep it: it is not shown again")


def list_tokens(as_json: JsonOption = False, folder: FolderOption = Path()) -> None:
    """Tokens, without their secrets."""
    from pinery.adapters.store import people

    with opened(folder) as here:
        rows = [_row(token) for token in here.store.read(people.list_tokens)]
    made = table("Name", "Role", "Created", "Ends", "Last used", "By")
    for row in rows:
        expires, used = when(row["expires"]) or "never", when(row["used"]) or "never"
        made.add(row["name"], row["role"], when(row["created"]), expires, used, row["by"])
    _show(rows, as_json, made, "no tokens yet; `pinery token add NAME` makes one")


def revoke_token(name: NameArgument, folder: FolderOption = Path()) -> None:
    """End a token, at once."""
    from pinery.adapters.store import people

    with opened(folder) as here:
        people.revoke_token(here.store, name, now_us() // 1000, me())
    say(f"token {name} is revoked")


def _group(name: str, text: str) -> typer.Typer:
    return typer.Typer(name=name, help=text, no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the password at", "use --password-stdin")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


_TIMES = frozenset({"created", "expires", "used", "locked_until"})


def _row(record: Any) -> dict[str, Any]:
    from pinery.adapters.store.views.values import iso

    return {
        name: iso(value) if name in _TIMES and value is not None else value for name, value in asdict(record).items()
    }


def _now() -> str:
    from pinery.adapters.store.views.values import iso

    return iso(now_us() // 1000)


def _show(rows: list[dict[str, Any]], as_json: bool, made: Any, empty: str) -> None:
    from pinery.adapters.store.views.values import to_json

    if as_json:
        print(to_json(rows, indent=2))
    else:
        say(made if rows else empty)
