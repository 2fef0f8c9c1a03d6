"""Routes of the script editor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import Field
from starlette.responses import Response

from pinery.adapters.store.people import Role
from pinery.gateway.control.answers import Done, Trader, answer, needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.guard import Identity
from pinery.gateway.control.pages import names
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import Body, Word
from pinery.gateway.control.services import provided
from pinery.gateway.control.studio import LONGEST_SCRIPT, ScriptRow, ScriptText

_NO_NUL = r"^[^\x00]*$"
ScriptId = Annotated[str, Path(max_length=200, pattern=_NO_NUL, examples=["own:my_trend"])]
ScriptSource = Annotated[
    str, Field(max_length=LONGEST_SCRIPT, pattern=_NO_NUL, examples=['//@version=6\nindicator("X")'])
]
InputValue = str | bool | int | float


class NewScript(Body):
    name: Word = Field(description="Of the file, without a folder.", examples=["my_trend"])
    text: ScriptSource


class ChangedScript(Body):
    text: ScriptSource
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of what was read before it was changed.")


class ScriptToCheck(Body):
    """``inputs`` by key, as CheckAnswer has them: are they values that the script takes?"""

    text: ScriptSource
    name: Word = "script.pine"
    inputs: dict[Word, InputValue] | None = Field(None, max_length=200)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the text, lines and columns from 1, the end exclusive."""

    file: str
    line: int
    column: int
    endLine: int
    endColumn: int
    severity: str
    code: str
    message: str
    hint: str | None
    notes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input as the settings dialog shows it. ``key`` names it in ``inputs``; ``type`` is int, float, bool, string,
    source, color, time, timeframe, session, symbol, price, enum or text_area; ``inline``: those of one name stand in
    one line."""

    key: str
    title: str
    type: str
    default: Any
    value: Any
    min: Any
    max: Any
    step: Any
    options: tuple[Any, ...] | None
    group: str
    inline: str
    tooltip: str
    confirm: bool
    display: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """``inputs`` and ``declaration`` are empty while there are errors. ``problem``: why it does not take ``inputs``."""

    diagnostics: tuple[Finding, ...]
    kind: str
    title: str
    version: int | None
    inputs: tuple[InputRow, ...]
    declaration: dict[str, Any]
    problem: str | None


def script_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["scripts"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])
    services = parts.services

    @router.get("/scripts", response_model=tuple[ScriptRow, ...])
    def get_scripts() -> Response:
        """Own scripts, and those that come with Pinery."""
        return answer(provided(services.scripts, "scripts").all())

    @router.post("/scripts", response_model=ScriptText, status_code=201)
    def add_script(body: NewScript, who: Trader) -> Response:
        """Save a new script."""
        made = provided(services.scripts, "scripts").create(body.name, body.text)
        _note(parts, who, "script.create", made.script.name, made.sha256)
        return answer(made, 201)

    @router.post("/scripts/check", response_model=CheckAnswer)
    def check_script(body: ScriptToCheck) -> Response:
        """Errors and warnings of a text, its inputs and its declaration. Nothing is run or saved."""
        return answer(provided(services.checker, "checker").check(body.text, body.name, body.inputs))

    @router.get("/scripts/{id}", response_model=ScriptText)
    def get_script(id: ScriptId) -> Response:
        """A script with its text."""
        return answer(provided(services.scripts, "scripts").read(id))

    @router.put("/scripts/{id}", response_model=ScriptText)
    def save_script(id: ScriptId, body: ChangedScript, who: Trader) -> Response:
        """Save a changed script; refused if it was changed by somebody else meanwhile."""
        made = provided(services.scripts, "scripts").save(id, body.text, body.sha256)
        _note(parts, who, "script.save", made.script.name, made.sha256)
        return answer(made)

    @router.delete("/scripts/{id}", response_model=Done)
    def delete_script(id: ScriptId, who: Trader) -> Response:
        """Delete a script; refused while a deployment's chart runs it."""
        scripts = provided(services.scripts, "scripts")
        gone = scripts.read(id)
        scripts.delete(id)
        _note(parts, who, "script.delete", gone.script.name, gone.sha256)
        return answer(Done(f"{gone.script.name} is deleted"))

    @router.get("/language", response_model=dict[str, Any], responses={304: {"description": "As you have it."}})
    def get_language(
        if_none_match: Annotated[str, Header(max_length=200)] = "",
        accept_encoding: Annotated[str, Header(max_length=200)] = "",
    ) -> Response:
        """Pine for editors: keywords, and built-ins with signatures, types, what they do, and their versions."""
        table = provided(services.language, "table of the language")()
        headers = {"ETag": table.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
        if names(if_none_match, table.etag):
            return Response(status_code=304, headers=headers)
        if "gzip" in accept_encoding:
            headers["Content-Encoding"] = "gzip"
            return Response(table.compressed, headers=headers, media_type="application/json")
        return Response(table.body, headers=headers, media_type="application/json")

    return router


def _note(parts: Parts, who: Identity, action: str, name: str, sha256: str) -> None:
    now = parts.clock.now()
    data = {"via": "api", "sha256": sha256}
    parts.store.write(lambda tx: tx.audit.add(now, who.name, action, name, "", data))
