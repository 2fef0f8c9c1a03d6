"""What makes, promotes and removes deployments, as the API needs it; ``app`` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pinery.trading.control import Person
from pinery.trading.deployments import Stage
from pinery.trading.stages.records import Checklist
from pinery.trading.stages.wanted import Deployed, Evidence, Wanted


class Staging(Protocol):
    """Names that are not there raise NotFound, what the present state forbids Refused, settings that are not right
    ConfigError."""

    def checklist(self, name: str) -> Checklist: ...
    def evidence(self, backtest: str, without_backtest: bool) -> Evidence:
        """``backtest``: the id of one that was made here; empty: none."""
        ...

    def wanted_script(self, script: str) -> str:
        """How the settings name a script that a request names."""
        ...

    def create(self, wanted: Wanted, person: Person, given: Evidence) -> Deployed: ...
    def remove(self, name: str, person: Person) -> None: ...
    def pause(self, name: str, paused: bool, person: Person) -> None: ...
    def renew_token(self, name: str, person: Person) -> str:
        """The new webhook address."""
        ...

    def promote(self, name: str, person: Person, given: Evidence) -> Checklist: ...
    def demote(self, name: str, wanted: Stage | None, person: Person) -> Stage: ...
    def template(self, name: str, *, strategy: bool) -> str: ...
    def test(self, name: str, text: str) -> Mapping[str, Any]:
        """``understood``, ``reason``, ``fields``, ``signal``, ``steps``."""
        ...
