"""Routes of backtests: they run beside, in processes of their own, and are looked at as they go on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from starlette.responses import FileResponse, Response

from pinery.adapters.store.people import Role
from pinery.adapters.store.views.values import to_json
from pinery.gateway.control.answers import Trader, answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import Body, Text, Word
from pinery.gateway.control.scripts import InputValue, ScriptSource
from pinery.gateway.control.services import provided
from pinery.gateway.control.studio import BacktestOrder, BacktestRow, MarketRow

BacktestId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["0123456789abcdef"])]

#: The report is one page with its code in it: alone in its frame, it reaches neither the API nor the network.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class MarketBody(Body):
    """``source`` and the rest as GET /markets lists them."""

    source: Word = Field(description='A feed\'s name, "stored" or "synthetic".', examples=["market"])
    symbol: Text = Field("", examples=["BINANCE:ETHUSDT.P"])
    timeframe: Text = Field("", description="Default: that of the bars.", examples=["60"])


class BacktestBody(Body):
    """Either ``script`` or ``text``."""

    script: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="Id of a script.")
    text: ScriptSource = ""
    name: Text = Field("", description="Of the text.")
    market: MarketBody
    first: Text = Field("", description="A date, a time or Unix ms: not before it.", examples=["2026-01-01"])
    last: Text = Field("", description="Not after it; a date with its whole day.")
    inputs: dict[Word, InputValue] = Field(default_factory=dict, max_length=200)
    properties: dict[Word, InputValue] = Field(
        default_factory=dict, max_length=40, description="Arguments of strategy() to be others than the script's."
    )

    @model_validator(mode="after")
    def _one_source(self) -> BacktestBody:
        if bool(self.script) == bool(self.text):
            raise ValueError("say either script or text")
        return self


@dataclass(frozen=True, slots=True)
class BacktestAnswer:
    """``result`` once it is done: metrics by side and name, trades, equity as [time in ms, money], warnings, and the
    verdict of the gate."""

    id: str
    state: str
    name: str
    script: str
    source: str
    symbol: str
    timeframe: str
    by: str
    created: str
    finished: str | None
    done: int
    total: int
    error: str
    hint: str
    seconds: float | None
    result: dict[str, Any] | None


def backtest_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["backtests"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    services = parts.services

    @router.get("/markets", response_model=tuple[MarketRow, ...])
    def get_markets() -> Response:
        """Bars that a backtest can run on."""
        return answer(provided(services.backtests, "backtests").markets())

    @router.get("/backtests", response_model=tuple[BacktestRow, ...])
    def get_backtests() -> Response:
        """The last backtests, newest first."""
        return answer(provided(services.backtests, "backtests").all())

    @router.post("/backtests", response_model=BacktestRow, status_code=202)
    def start_backtest(body: BacktestBody, who: Trader) -> Response:
        """Test a strategy; GET /backtests/ID tells how far it is."""
        text, name = body.text, body.name or "script.pine"
        if body.script:
            found = provided(services.scripts, "scripts").read(body.script)
            text, name = found.text, found.script.name
        market = body.market
        order = BacktestOrder(
            text=text,
            name=name,
            script=body.script,
            source=market.source,
            symbol=market.symbol,
            timeframe=market.timeframe,
            first=body.first,
            last=body.last,
            inputs=body.inputs,
            properties=body.properties,
        )
        return answer(provided(services.backtests, "backtests").start(order, who.name), 202)

    @router.get("/backtests/{id}", response_model=BacktestAnswer)
    def get_backtest(id: BacktestId) -> Response:
        """A backtest, and its result once it is done."""
        row, result = provided(services.backtests, "backtests").get(id)
        if result is None:
            return answer({**asdict(row), "result": None})
        head = to_json(row).removesuffix("}")
        return Response(f'{head}, "result": '.encode() + result + b"}", media_type="application/json")

    @router.delete("/backtests/{id}", response_model=BacktestRow)
    def cancel_backtest(id: BacktestId, who: Trader) -> Response:
        """Stop a backtest that runs or waits."""
        return answer(provided(services.backtests, "backtests").cancel(id))

    @router.get(
        "/backtests/{id}/report",
        response_class=FileResponse,
        responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    )
    def get_report(id: BacktestId) -> Response:
        """The report as a page that reaches nothing outside itself: for a frame, or to be kept."""
        path = provided(services.backtests, "backtests").file(id, "report.html")
        headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return FileResponse(path, headers=headers, media_type="text/html; charset=utf-8")

    @router.get(
        "/backtests/{id}/trades.csv",
        response_class=FileResponse,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    def get_trades(id: BacktestId) -> Response:
        """The list of trades as TradingView exports it."""
        path = provided(services.backtests, "backtests").file(id, "trades.csv")
        headers = {"Content-Disposition": 'attachment; filename="trades.csv"'}
        return FileResponse(path, headers=headers, media_type="text/csv; charset=utf-8")

    return router
