from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.failures import report
from pinery.app.operate import config_command, init_command
from pinery.trading.errors import ConfigError

PAPER = '[accounts.paper]\nbroker = "paper"\n'
ES = f'{PAPER}[deployments.es]\naccount = "paper"\nsymbol = "CME_MINI:ES1!"\n'
TOKEN = "[webhook_tokens]\nes = ['sha256:{}']\n".format("ab" * 32)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Configuration]:
    """Loads a text as ``pinery.toml``."""

    def call(text: str, secrets: str = "", environment: dict[str, str] | None = None) -> Configuration:
        (tmp_path / "pinery.toml").write_text(text, encoding="utf-8")
        path = tmp_path / "pinery.secrets.toml"
        path.write_text(secrets, encoding="utf-8")
        path.chmod(0o600)
        return load_configuration(tmp_path, environment or {})

    return call


@pytest.fixture
def findings(load: Callable[..., Configuration]) -> Callable[..., tuple[str, ...]]:
    """What is wrong with a text."""

    def call(text: str, secrets: str = "", environment: dict[str, str] | None = None) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as raised:
            load(text, secrets, environment)
        return raised.value.findings

    return call


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs ``pinery init`` and ``pinery config``."""
    app = typer.Typer(pretty_exceptions_enable=False)
    init_command.register(app)
    config_command.register(app)

    def call(*arguments: str | Path) -> Ended:
        code = 0
        try:
            app([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException as error:
            code = report(error, debug=False)
        return Ended(code, *capfd.readouterr())

    return call
