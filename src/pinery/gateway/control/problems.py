"""Every error as one JSON form: what went wrong (``code``, ``message``) and what to do (``hint``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pinery.adapters.store.people import LockedOut
from pinery.adapters.store.views.values import to_json
from pinery.core.errors import PineryError, UsageError
from pinery.trading.errors import NotFound, Refused, StoreError


class Problem(BaseModel):
    """An error. ``errors`` names the fields of the request that are wrong."""

    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    message: str = Field(examples=["there is no deployment named 'dmeo'"])
    hint: str | None = Field(None, examples=["did you mean demo?"])
    errors: list[str] = Field([], examples=[["body.quantity: Input should be greater than 0"]])


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.hint = status, code, message, hint
        self.headers = headers
        self.errors = errors


_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}

_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

#: For routes: what any of them may answer besides their result. Written out, and ``Problem`` added to the description
#: once: given as a model, it would be looked through again for each answer of each route.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": _CONTENT}
    for status, description in {
        400: "The request cannot be read.",
        401: "Not logged in.",
        403: "Not allowed: role, CSRF token or origin.",
        404: "There is no such thing.",
        409: "The present state forbids it.",
        413: "The body is too large.",
        422: "A field is missing or wrong.",
        429: "Too many failed logins.",
        503: "The store cannot be used now.",
    }.items()
}


def problem(
    status: int,
    code: str,
    message: str,
    hint: str | None = None,
    errors: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = {"status": status, "code": code, "message": message, "hint": hint, "errors": errors}
    return Response(to_json(body), status, dict(headers or {}), "application/problem+json")


def problem_of(error: Exception) -> Response:
    """The answer to an error raised while a request was handled."""
    match error:
        case ProblemError():
            return problem(error.status, error.code, error.message, error.hint, error.errors, error.headers)
        case LockedOut():
            return problem(
                429, "locked_out", error.message, error.hint, headers={"Retry-After": str(error.retry_after)}
            )
        case NotFound():
            return problem(404, "not_found", error.message, error.hint)
        case Refused():
            return problem(409, "refused", error.message, error.hint)
        case UsageError():
            return problem(422, "invalid", error.message, error.hint)
        case StoreError():
            return problem(503, "store_unavailable", error.message, error.hint, headers={"Retry-After": "5"})
        case RequestValidationError():
            found = tuple(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
            return problem(422, "invalid", "the request is not as it should be", "see errors", found)
        case HTTPException():
            code = _CODES.get(error.status_code, "error")
            return problem(error.status_code, code, str(error.detail), headers=error.headers)
    return problem(500, "internal", "internal error", "this is a fault of Pinery: please report it")


def install(app: FastAPI) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        return problem_of(error)

    for kind in (ProblemError, PineryError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
