from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog

from pinery.app import logs


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks stall for seconds on a busy machine; what a sender hears then is for tests that make it so."""
    monkeypatch.setattr("pinery.gateway.webhook.hook.ANSWER_WITHIN", 60.0)


class Unmasked(logging.StreamHandler[io.StringIO]):
    """Lines as they were given to the log, before anything hides secrets in them."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, from debug up. Logging belongs to the process: everything is put back afterwards."""
    root, hooks, shown = logging.getLogger(), (sys.excepthook, threading.excepthook), warnings.showwarning
    handlers, level = root.handlers[:], root.level
    output = io.StringIO()
    logs.configure("debug", "json", stream=io.StringIO())
    root.addHandler(Unmasked(output))

    def unmasked(logger: object, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        output.write(f"{line}\n")
        return line

    structlog.configure(processors=[unmasked, *structlog.get_config()["processors"]])
    yield output
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    warnings.showwarning = shown
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
