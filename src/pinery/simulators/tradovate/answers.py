"""How requests end other than well: statuses of HTTP, and refusals that the venue answers with 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Problem(Exception):
    """An HTTP status other than 200."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text or f"status {status}")
        self.status = status
        self.text = text


class Failure(Exception):
    """A refusal by 200: ``body`` is what the client reads."""

    def __init__(self, **body: Any) -> None:
        super().__init__(str(body))
        self.body = body


def refused(reason: str, text: str) -> Failure:
    return Failure(failureReason=reason, failureText=text)


def denied() -> Failure:
    """What is not there, and what is somebody else's: the venue tells no difference."""
    return refused("UnknownReason", "Access is denied")


def violation(constraint: str, value: object, description: str) -> Failure:
    return Failure(violations=[{"constraint": constraint, "value": value, "description": description}])


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is allowed: by ``user``, in ``session``."""

    user: int
    session: int
    parameters: Mapping[str, Any]

    def text(self, name: str, most: int = 64) -> str | None:
        found = self.parameters.get(name)
        if found is None or found == "":
            return None
        if not isinstance(found, str):
            raise Problem(400, f"{name} must be a string")
        if len(found) > most:
            raise violation("MaxLength", name, f"{name} has at most {most} characters")
        return found

    def number(self, name: str) -> int | None:
        """A whole number, as JSON has it or as a query's text."""
        found = self.parameters.get(name)
        if found is None:
            return None
        try:
            if isinstance(found, bool) or int(found) != (found if not isinstance(found, str) else int(found)):
                raise ValueError
            return int(found)
        except (ValueError, TypeError, ArithmeticError):
            raise Problem(400, f"{name} must be a whole number") from None

    def needed(self, name: str) -> int:
        found = self.number(name)
        if found is None:
            raise Problem(400, f"{name} is missing")
        return found
