"""What a check is, what it finds, and how checks are run: none may hang, and none may stop the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pinery.app.doctor.patient import NotThere, Patient
from pinery.core.errors import PineryError

PATIENCE = 10.0  # seconds that one check may take


class Level(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"  # could not be looked at, or was not to be
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """``found`` are the facts, ``do`` what mends it, ``by_hand`` how to trade meanwhile."""

    level: Level
    found: str
    do: str = ""
    by_hand: str = ""


def ok(found: str) -> Finding:
    return Finding(Level.OK, found)


def skipped(found: str) -> Finding:
    return Finding(Level.SKIPPED, found)


def warning(found: str, do: str, by_hand: str = "") -> Finding:
    return Finding(Level.WARNING, found, do, by_hand)


def problem(found: str, do: str, by_hand: str = "") -> Finding:
    return Finding(Level.PROBLEM, found, do, by_hand)


@dataclass(frozen=True, slots=True)
class Check:
    """``looks_at`` says in words what the check does. ``network``: it leaves this machine."""

    name: str
    looks_at: str
    check: Callable[[Patient], Iterable[Finding]]
    network: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    check: Check
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class FailureList:
    """``question`` is what the trader sees going wrong."""

    name: str
    question: str
    checks: tuple[Check, ...]


def examine(patient: Patient, checks: Sequence[Check], patience: float = PATIENCE) -> tuple[Checked, ...]:
    return tuple(Checked(check, tuple(_run(patient, check, patience))) for check in checks)


def _run(patient: Patient, check: Check, patience: float) -> list[Finding]:
    if check.network and patient.offline:
        return [skipped("not looked at: --offline")]
    found: list[Finding] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            found.extend(check.check(patient))
        except Exception as error:
            failed.append(error)

    # A daemon: name servers and disks that never answer must not keep the command from ending.
    thread = threading.Thread(target=work, name=f"doctor {check.name}", daemon=True)
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        patient.give_up_store()
        return [problem(f"no answer within {patience:g} s", "look at the disk, the database server and the network")]
    if failed:
        return [*found, _failure(failed[0])]
    return found


def _failure(error: Exception) -> Finding:
    if isinstance(error, NotThere):
        return skipped(error.why)
    if isinstance(error, PineryError):
        return problem(error.message, error.hint or "")
    return problem(f"the check itself failed: {type(error).__name__}", "please report it, with this output")
