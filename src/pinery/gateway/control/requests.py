"""What requests may say: models and parameter types of the edge."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pinery.adapters.store.people import LONGEST_PASSWORD, Role
from pinery.adapters.store.views.paging import LARGEST_PAGE, Filters

# PostgreSQL keeps no NUL in text.
_NO_NUL = r"^[^\x00]*$"
Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=30, decimal_places=15, allow_inf_nan=False)]

_LATEST = 4_102_444_800_000  # the year 2100
_SERIAL = 2**63 - 1

Name = Annotated[str, Path(max_length=100, pattern=_NO_NUL)]
Serial = Annotated[int, Path(ge=1, le=_SERIAL)]
QueryText = Annotated[str, Query(max_length=100, pattern=_NO_NUL)]
Since = Annotated[int | None, Query(ge=0, le=_LATEST, description="Unix ms: not older than this.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Rows of a page.")]
Cursor = Annotated[str, Query(max_length=200, pattern=_NO_NUL, description="`next` of the page before.")]


def list_filters(
    deployment: QueryText = "",
    account: QueryText = "",
    symbol: QueryText = "",
    since: Since = None,
    search: Annotated[QueryText, Query(description="Part of a name, word or reason; case does not count.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Filters:
    return Filters(deployment, account, symbol, since, search, limit, cursor)


def export_filters(
    deployment: QueryText = "",
    account: QueryText = "",
    symbol: QueryText = "",
    since: Since = None,
    search: Annotated[QueryText, Query(description="Part of a name, word or reason; case does not count.")] = "",
) -> Filters:
    """All rows, not a page."""
    return Filters(deployment, account, symbol, since, search)


def message_filters(
    deployment: QueryText = "",
    since: Since = None,
    search: Annotated[QueryText, Query(description="Part of the text; case does not count.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Filters:
    """A message has no account or symbol before it is read."""
    return Filters(deployment=deployment, since=since, search=search, limit=limit, cursor=cursor)


def event_filters(
    deployment: QueryText = "",
    account: QueryText = "",
    since: Since = None,
    search: Annotated[QueryText, Query(description="Part of the text; case does not count.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Filters:
    return Filters(deployment=deployment, account=account, since=since, search=search, limit=limit, cursor=cursor)


def record_filters(
    since: Since = None,
    search: Annotated[QueryText, Query(description="Part of a name or text; case does not count.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Filters:
    """For lists that belong to no deployment."""
    return Filters(since=since, search=search, limit=limit, cursor=cursor)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoginBody(Body):
    name: Word = Field(examples=["ada"])
    password: Secret


class OnceBody(Body):
    code: Secret = Field(description="What stands behind `#login=` in the link.")


class HaltBody(Body):
    scope: Word = Field("all", description="all, account:NAME, deployment:NAME or a name.", examples=["account:paper"])
    reason: Note = Field("", examples=["news at 14:30"])
    state: Literal["halted", "reducing"] = Field("halted", description="`reducing` still lets signals close positions.")


class ResumeBody(Body):
    scope: Word = Field("all", examples=["all"])
    reason: Note = ""


class FlattenBody(Body):
    scope: Word = Field(description="all, account:NAME, deployment:NAME or a name.", examples=["deployment:demo"])
    confirm: Text = Field(description="The scope's name once more: `all`, or NAME.", examples=["demo"])
    reason: Note = ""
    halt: bool = Field(False, description="Halt the scope too, so that the next signal does not enter again.")


class CancelBody(Body):
    reason: Note = ""


class CloseBody(Body):
    deployment: Word = Field(examples=["demo"])
    symbol: Word = Field(description="The contract held.", examples=["BINANCE:ETHUSDT.P"])
    reason: Note = ""


class SignalBody(Body):
    """A signal by hand; it goes the way of every alert."""

    signal: Word = Field(description="IN, OUT, CALL, PUT, … or a word of the deployment.", examples=["IN"])
    note: Note = Field("", examples=["breakout on the daily chart"])
    symbol: Text = Field("", description="Default: the deployment's.")
    quantity: Amount | None = None
    price: Amount | None = None
    stop: Text = Field("", description='A price, "1%", "20 ticks", "5 points".', examples=["1%"])
    take_profit: Text = Field("", examples=["2%"])
    id: Text = Field("", description="The same id twice is one signal: send it again after a lost answer.")


class ChannelBody(Body):
    channel: Word = Field(description="A channel of pinery.toml.", examples=["console"])


class UserBody(Body):
    name: Word = Field(examples=["ada"])
    password: Secret
    role: Role = Role.VIEWER


class UserChange(Body):
    """What is left out stays."""

    role: Role | None = None
    disabled: bool | None = None
    password: Secret | None = None


class TokenBody(Body):
    name: Word = Field(examples=["grafana"])
    role: Role = Role.VIEWER
    days: int | None = Field(None, ge=1, le=3650, description="It ends after so many days; none: never.")
