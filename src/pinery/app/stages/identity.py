"""What a deployment runs, by hashes: so that evidence can be held against it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinery.app.config.configuration import Configuration
from pinery.app.libraries import LibraryFolders
from pinery.app.scripts import read_script
from pinery.engine import CompiledScript, compile_script
from pinery.runtime.timeframes import Timeframe
from pinery.tester.result import plain_input
from pinery.trading.stages.backtests import Identity


def identity_of(configuration: Configuration, deployment: str) -> Identity:
    """Compiles the deployment's script with its inputs, where it has one.

    Raises CompileError and UsageError where it cannot be run.
    """
    chart = configuration.charts.get(deployment)
    if chart is None:
        configured = configuration.deployment(deployment)
        return Identity(configured.symbol, frame(configured.timeframe))
    script = compiled(chart.script, chart.inputs, configuration)
    inputs = {decl.title: plain_input(decl.value) for decl in script.program.inputs}
    is_strategy = script.program.kind == "strategy"
    return Identity(chart.symbol, frame(chart.timeframe), sha256_of(script), inputs, is_strategy)


def compiled(path: Path, inputs: Mapping[str, Any], configuration: Configuration) -> CompiledScript:
    """Raises CompileError and UsageError."""
    libraries = LibraryFolders.beside(path, configuration.libraries)
    return compile_script(read_script(path), inputs=dict(inputs), libraries=libraries)


def sha256_of(script: CompiledScript) -> str:
    """As a backtest's subject has it."""
    text = "".join(part.text for part in script.sources)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def frame(text: str) -> str:
    """A timeframe in the form that backtests have it."""
    return Timeframe.parse(text).text() if text else ""
