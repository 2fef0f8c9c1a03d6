"""Secrets are found, never shown, and kept from others; webhook tokens are known once."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.config.tokens import rotate_token
from pinery.trading.errors import ConfigError, NotFound
from tests.app.config.conftest import ES, TOKEN

Load = Callable[..., Configuration]
Findings = Callable[..., tuple[str, ...]]

DATABASE = f"{ES}[store]\nurl = 'postgresql://me@db/x'\npassword_secret = 'main-db'\n"


def test_the_environment_comes_first(load: Load) -> None:
    secrets = "[secrets]\nmain-db = 'from-file'"
    assert load(DATABASE, secrets).secret("main-db") == "from-file"
    given = {"PINERY_SECRET_MAIN_DB": "from-environment"}
    assert load(DATABASE, secrets, given).secret("main-db") == "from-environment"
    assert load(DATABASE, "", given).store_url == "postgresql+psycopg://me:from-environment@db/x"


def test_a_secret_that_is_asked_for_and_missing(load: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load(ES).secret("mail")
    assert "PINERY_SECRET_MAIL" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[secret]\na = 'x'", "line 1: secret: there is no such section; did you mean 'secrets'?"),
        ("[secrets]\na = 5150", "line 2: [secrets] a: must be text"),
        ("[secrets]\na = ''", "must be text"),
        ("secrets = 5150", "must be a table"),
        ("[webhook_tokens]\nes = ['5150']", "line 2: [webhook_tokens] es: must be a list of"),
        ("[webhook_tokens]\nes = 'sha256:5150'", "pinery config rotate-token es"),
        ("[secrets]\na = 5150 'hush'", "is not valid TOML"),
    ],
)
def test_mistakes_in_the_secrets_file_tell_no_value(findings: Findings, text: str, expected: str) -> None:
    (found,) = findings(ES, text)
    assert found.startswith("pinery.secrets.toml") and expected in found
    assert "5150" not in found and "hush" not in found


def test_nothing_shows_a_secret(load: Load, findings: Findings) -> None:
    found = load(DATABASE, "[secrets]\nmain-db = 'hush-hush'\n" + TOKEN)
    assert "hush" not in repr(found) and "hush" not in repr(found.secrets)
    wrong = findings(f"{DATABASE}[webhok]\n", "[secrets]\nmain-db = 'hush-hush'\n")
    assert "hush" not in str(wrong)


def test_a_file_that_others_may_read_is_warned_of(load: Load, tmp_path: Path) -> None:
    load(ES, TOKEN)
    (tmp_path / "pinery.secrets.toml").chmod(0o644)
    (warning,) = load_configuration(tmp_path, {}).warnings
    assert "others may read or change it (mode 0644); run: chmod 600" in warning


def test_a_token_of_a_deployment_that_is_gone_is_warned_of(load: Load) -> None:
    warnings = load(ES, TOKEN.replace("es =", "eth =")).warnings
    assert any('[webhook_tokens] eth: there is no deployment "eth"' in warning for warning in warnings)


# --- rotation -------------------------------------------------------------------------


def hash_in(url: str) -> str:
    return hashlib.sha256(url.rpartition("/")[2].encode()).hexdigest()


def test_rotation_ends_old_addresses_or_keeps_them(load: Load, tmp_path: Path) -> None:
    load(ES, "# mine\n[secrets]\nmail = 'hush' # and mine\n")
    first = rotate_token(tmp_path, "es")
    assert first.startswith("http://127.0.0.1:8750/hook/") and len(first.rpartition("/")[2]) == 43
    second = rotate_token(tmp_path, "es", keep_old=True)
    hooks = load_configuration(tmp_path, {}).hooks
    assert hooks["es"].token_hashes == (hash_in(first), hash_in(second))
    third = rotate_token(tmp_path, "es")
    assert load_configuration(tmp_path, {}).hooks["es"].token_hashes == (hash_in(third),)
    path = tmp_path / "pinery.secrets.toml"
    text = path.read_text()
    assert "# mine" in text and "mail = 'hush' # and mine" in text
    assert not any(url.rpartition("/")[2] in text for url in (first, second, third))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rotation_makes_the_secrets_file(tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(ES)
    rotate_token(tmp_path, "es")
    assert stat.S_IMODE((tmp_path / "pinery.secrets.toml").stat().st_mode) == 0o600
    assert load_configuration(tmp_path, {}).warnings == ()


def test_rotation_that_fails_changes_nothing(load: Load, tmp_path: Path) -> None:
    load(ES, TOKEN)
    with pytest.raises(NotFound, match="no deployment 'nq'"):
        rotate_token(tmp_path, "nq")
    assert (tmp_path / "pinery.secrets.toml").read_text() == TOKEN
