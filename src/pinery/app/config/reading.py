"""From the texts of a folder to a ``Configuration``, or to every finding at once."""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pinery.app.config.building import build
from pinery.app.config.charts import script_findings
from pinery.app.config.checks import check
from pinery.app.config.configuration import Configuration
from pinery.app.config.findings import Finding, from_validation
from pinery.app.config.lines import Lines
from pinery.app.config.models import Root
from pinery.app.config.risk_table import risk_findings, risk_table
from pinery.app.config.secrets import Secrets, read_secrets
from pinery.app.settings import FILE_NAME, limits_from
from pinery.core.errors import DataError, UsageError
from pinery.market.files.whole import written_whole
from pinery.market.symbols import SymbolTable
from pinery.market.symbols import load as load_symbols
from pinery.trading.errors import ConfigError

#: What was in force last, beside the file itself: a mistake in an edit must not take the kill switch away.
LAST_NAME = ".pinery.last.toml"


def remember(configuration: Configuration) -> None:
    """Keep the text of a configuration that has been taken over. Where that is impossible, nothing is remembered."""
    target = configuration.folder / LAST_NAME
    with suppress(OSError):
        text = (configuration.folder / FILE_NAME).read_bytes()
        if not target.exists() or target.read_bytes() != text:
            with written_whole(target) as draft:
                draft.write_bytes(text)
            target.chmod(0o600)


def last_differs(folder: Path) -> bool:
    """Whether there are settings that were last in force, and the file has others."""
    with suppress(OSError):
        return (folder / LAST_NAME).read_bytes() != (folder / FILE_NAME).read_bytes()
    return False


def load_last(folder: Path) -> Configuration | None:
    """The settings that were last in force in ``folder``; None where none are known or their secrets are gone."""
    folder = folder.absolute()
    if not (folder / LAST_NAME).is_file():
        return None
    try:
        return load_configuration(folder, name=LAST_NAME)
    except UsageError:
        return None


def load_configuration(
    folder: Path, environment: Mapping[str, str] | None = None, *, name: str = FILE_NAME
) -> Configuration:
    """What ``pinery.toml`` and ``pinery.secrets.toml`` in ``folder`` say; warnings are part of it.

    ``environment`` instead of the process's own is for tests. Raises ConfigError with all findings.
    """
    folder = folder.absolute()
    text = _text(folder / name)
    lines = Lines(text)
    secrets, findings = read_secrets(folder, environment)
    data = _parsed(text)
    unusable = _unusable(data)
    if unusable:
        raise _failure(folder, _placed(unusable, lines))
    try:
        model = Root.model_validate(data)
    except ValidationError as error:
        raise _failure(folder, [*findings, *_placed(from_validation(error, Root), lines)]) from None
    table, symbols_text = _symbol_table(folder, model, findings)
    if model.limits:
        try:
            limits_from(model.limits, "")
        except UsageError as error:
            message = error.message.removeprefix(": ") + (f"; {error.hint}" if error.hint else "")
            findings.append(Finding(("limits",), message))
    configuration, found = build(model, folder, secrets, table, _version(text, symbols_text, secrets))
    findings += found
    if configuration is not None:
        findings += check(configuration, time.time_ns() // 1_000_000)
    if configuration is None or any(finding.is_error for finding in findings):
        raise _failure(folder, _placed(findings, lines))
    findings = _placed([*findings, *risk_findings(configuration, risk_table(configuration))], lines)
    return replace(configuration, warnings=tuple(str(finding) for finding in findings))


def check_everything(folder: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """As ``load_configuration``, and the charts' scripts are compiled with their inputs.

    Loading leaves them out: one wrong script must not keep Pinery from starting, nor from being stopped.
    """
    configuration = load_configuration(folder, environment)
    findings = _placed(script_findings(configuration), Lines(_text(configuration.folder / FILE_NAME)))
    if any(finding.is_error for finding in findings):
        raise _failure(configuration.folder, findings)
    return replace(configuration, warnings=(*configuration.warnings, *(str(finding) for finding in findings)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no {FILE_NAME} in {path.parent}", hint="make one with: pinery init") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8 in your editor") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        finding = f"{FILE_NAME}: is not valid TOML: {error}"
        raise ConfigError(finding, (finding,), hint='texts are in quotes: symbol = "CME_MINI:ES1!"') from None


def _unusable(data: Mapping[str, Any], path: tuple[str, ...] = ()) -> list[Finding]:
    """Texts that no file name, address or password can be."""
    found = []
    for key, value in data.items():
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                found += _unusable(item, (*path, key))
            elif isinstance(item, str) and "\0" in item:
                found.append(Finding((*path, key), "holds a character that cannot be used: \\u0000"))
    return found


def _symbol_table(folder: Path, model: Root, findings: list[Finding]) -> tuple[SymbolTable, str]:
    if model.symbols.file is None:
        return load_symbols(), ""
    path = folder / model.symbols.file
    try:
        return load_symbols(path), path.read_text(encoding="utf-8")
    except DataError as error:
        message = error.message + (f"; {error.hint}" if error.hint else "")
        findings.append(Finding(("symbols",), message))
        return load_symbols(), ""


def _version(text: str, symbols: str, secrets: Secrets) -> str:
    parts = [text, symbols, secrets.text, *(f"{k}={v}" for k, v in sorted(secrets.environment.items()))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _placed(findings: list[Finding], lines: Lines) -> list[Finding]:
    """With the line of each setting of pinery.toml, in the order of the file, errors first."""
    placed = [
        replace(finding, line=lines.of(finding.path)) if finding.file == FILE_NAME and finding.line is None else finding
        for finding in findings
    ]
    return sorted(placed, key=lambda finding: (not finding.is_error, finding.file, finding.line or 0))


def _failure(folder: Path, findings: list[Finding]) -> ConfigError:
    """Warnings are left out: the errors come first, and mending them brings the warnings back."""
    texts = tuple(str(finding) for finding in findings if finding.is_error)
    if len(texts) == 1:
        return ConfigError(texts[0], texts, hint=f"the file is {folder / FILE_NAME}")
    listed = "".join(f"\n  {text}" for text in texts)
    return ConfigError(f"{folder / FILE_NAME} has {len(texts)} errors:{listed}", texts)
