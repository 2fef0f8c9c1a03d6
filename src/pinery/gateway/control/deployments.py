"""Routes that make, change and promote deployments: they write pinery.toml, which running processes take over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.values import iso
from pinery.gateway.control.answers import Admin, Done, Trader, answer, needs, person
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import Body, Name, Note, Text
from pinery.gateway.control.services import provided
from pinery.gateway.control.staging import Staging
from pinery.trading.deployments import Stage
from pinery.trading.stages.records import Check, Checklist, Promotion
from pinery.trading.stages.wanted import Wanted

_LONGEST_MESSAGE = 20_000
_NO_NUL = r"^[^\x00]*$"
DeploymentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
OneLine = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Path = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
InputValue = bool | int | float | OneLine


class BracketBody(Body):
    """Distances as "1%", "7 points", "20 ticks", "signal"."""

    stop: OneLine = ""
    target: OneLine = ""
    trail: OneLine = ""
    max_bars: int | None = Field(None, ge=1, le=1_000_000)
    max_time: OneLine = Field("", examples=["4h"])
    flat_at_session_end: bool = False

    def settings(self) -> dict[str, Any]:
        return {name: value for name, value in self.model_dump().items() if value not in ("", None, False)}


class EvidenceBody(Body):
    """What is given with a promotion."""

    note: Note = Field("", examples=["two good weeks"])
    backtest: Text = Field("", description="Id of a backtest made here, for the promotion to paper.")
    without_backtest: bool = Field(False, description="To paper only, with a note: the decision is recorded as such.")


class DeploymentBody(EvidenceBody):
    name: DeploymentName = Field(examples=["es-trend"])
    account: OneLine = Field(min_length=1, examples=["paper"])
    symbol: OneLine = Field(min_length=1, examples=["CME_MINI:ES1!"])
    timeframe: OneLine = Field("", examples=["5"])
    size: OneLine = Field("", description='"1", "5000 USD", "10%", "risk 250 USD".', examples=["1"])
    direction: OneLine = Field("", examples=["both"])
    script: Path = Field("", description="Id of a script; without one its signals come through the webhook.")
    feed: OneLine = Field("", description="The market that the script runs on.", examples=["market"])
    inputs: dict[OneLine, InputValue] = Field(default_factory=dict, max_length=200, examples=[{"Length": 20}])
    bracket: BracketBody | None = None


class PauseBody(Body):
    paused: bool
    note: Note = ""


class TokenRenewal(Body):
    note: Note = ""


class DemoteBody(Body):
    stage: Stage | None = Field(None, description="Default: one step down.")
    note: Note = ""


class TestBody(Body):
    message: str = Field(max_length=_LONGEST_MESSAGE, pattern=_NO_NUL, examples=['{"signal":"IN","price":4000}'])


@dataclass(frozen=True, slots=True)
class CheckRow:
    """``value`` null: not known. ``comparison`` is ">=", "<=" or "="."""

    name: str
    title: str
    unit: str
    value: float | str | None
    comparison: str
    limit: float | str
    passed: bool
    note: str


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A decision; ``missing`` are the titles of checks that failed."""

    id: int
    before: str
    after: str
    at: str
    by: str
    granted: bool
    note: str
    missing: tuple[str, ...]
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PromotionAnswer:
    """``stage`` counts for promotions; ``configured`` is what pinery.toml says. ``next`` null: it is at the top."""

    deployment: str
    configured: str
    stage: str
    next: str | None
    checks: tuple[CheckRow, ...]
    allowed: bool
    history: tuple[PromotionRow, ...]


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """The address holds the deployment's token: it is shown this once."""

    webhook_url: str


@dataclass(frozen=True, slots=True)
class DeployedAnswer:
    """``webhook_url`` is shown this once."""

    name: str
    stage: str
    webhook_url: str
    promotion: PromotionAnswer


@dataclass(frozen=True, slots=True)
class TemplateAnswer:
    text: str


@dataclass(frozen=True, slots=True)
class TestStep:
    step: str
    result: str
    facts: str


@dataclass(frozen=True, slots=True)
class TestAnswer:
    """What a message means and what would happen now. ``reason``: why it is not understood."""

    understood: bool
    reason: str
    fields: dict[str, Any]
    signal: dict[str, Any]
    steps: tuple[TestStep, ...]


@dataclass(frozen=True, slots=True)
class StageAnswer:
    name: str
    stage: str


def deployment_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["deployments"], responses=PROBLEMS)

    def staging() -> Staging:
        return provided(parts.services.staging, "deployments to change")

    @router.post("/deployments", response_model=DeployedAnswer, status_code=201)
    def create(body: DeploymentBody, who: Admin) -> Response:
        """Make a deployment: at stage backtest, which records signals only; at paper where the evidence is there."""
        desk = staging()
        given = desk.evidence(body.backtest, body.without_backtest)
        wanted = Wanted(
            name=body.name,
            account=body.account,
            symbol=body.symbol,
            timeframe=body.timeframe,
            size=body.size,
            direction=body.direction,
            script=desk.wanted_script(body.script) if body.script else "",
            feed=body.feed,
            inputs=body.inputs,
            bracket=body.bracket.settings() if body.bracket is not None else {},
        )
        made = desk.create(wanted, person(parts, who, body.note), given)
        return answer(DeployedAnswer(made.name, made.stage.value, made.webhook_url, _checklist(made.checklist)), 201)

    @router.delete("/deployments/{name}", response_model=Done)
    def remove(name: Name, who: Admin) -> Response:
        """Remove a deployment that holds nothing; its webhook address ends. What it did stays on record."""
        staging().remove(name, person(parts, who))
        return answer(Done(f"deployment {name} is removed"))

    @router.post("/deployments/{name}/pause", response_model=Done)
    def pause(name: Name, body: PauseBody, who: Trader) -> Response:
        """Keep its messages without acting on them, or act on them again."""
        staging().pause(name, body.paused, person(parts, who, body.note))
        return answer(Done(f"{name} {'is paused' if body.paused else 'goes on'}"))

    @router.post("/deployments/{name}/token", response_model=WebhookAnswer)
    def renew_token(name: Name, body: TokenRenewal, who: Admin) -> Response:
        """Make a new webhook address; the old ones end."""
        return answer(WebhookAnswer(staging().renew_token(name, person(parts, who, body.note))))

    @router.get("/deployments/{name}/template", response_model=TemplateAnswer, dependencies=[needs(Role.VIEWER)])
    def template(
        name: Name, strategy: Annotated[bool, Query(description="For a strategy's order fills.")] = True
    ) -> Response:
        """The message to paste into TradingView's alert dialog."""
        return answer(TemplateAnswer(staging().template(name, strategy=strategy)))

    @router.post("/deployments/{name}/test", response_model=TestAnswer)
    def test(name: Name, body: TestBody, who: Trader) -> Response:
        """What a message means and what would happen now. Nothing is stored or sent."""
        return answer(staging().test(name, body.message))

    @router.get("/deployments/{name}/promotion", response_model=PromotionAnswer, dependencies=[needs(Role.VIEWER)])
    def promotion(name: Name) -> Response:
        """What the next stage asks for, what is there, and the decisions so far."""
        return answer(_checklist(staging().checklist(name)))

    @router.post("/deployments/{name}/promote", response_model=PromotionAnswer)
    def promote(name: Name, body: EvidenceBody, who: Admin) -> Response:
        """One stage up; refused (409) while anything is missing. Both are recorded."""
        desk = staging()
        given = desk.evidence(body.backtest, body.without_backtest)
        return answer(_checklist(desk.promote(name, person(parts, who, body.note), given)))

    @router.post("/deployments/{name}/demote", response_model=StageAnswer)
    def demote(name: Name, body: DemoteBody, who: Trader) -> Response:
        """Stages down; always possible."""
        return answer(StageAnswer(name, staging().demote(name, body.stage, person(parts, who, body.note)).value))

    return router


def _checklist(found: Checklist) -> PromotionAnswer:
    return PromotionAnswer(
        found.deployment,
        found.configured.value,
        found.stage.value,
        found.next.value if found.next is not None else None,
        tuple(_check(check) for check in found.checks),
        found.allowed,
        tuple(_promotion(row) for row in found.history),
    )


def _check(check: Check) -> CheckRow:
    return CheckRow(**check.as_data())


def _promotion(row: Promotion) -> PromotionRow:
    missing = tuple(check["title"] for check in row.evidence.get("checks", ()) if not check["passed"])
    return PromotionRow(
        row.id,
        row.before.value,
        row.after.value,
        iso(row.at),
        row.by,
        row.granted,
        row.note,
        missing,
        dict(row.evidence),
    )
