"""``[notify.X] type = "http"`` in pinery.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.app.config.reading import load_configuration
from pinery.trading.errors import ConfigError

SECRETS = '[secrets]\npage = "https://127.0.0.1:1/quite-secret"\nkey = "hush-hush"\n'


def _load(folder: Path, settings: str) -> dict[str, object]:
    (folder / "pinery.toml").write_text(f'[notify.page]\ntype = "http"\n{settings}\n')
    (folder / "pinery.secrets.toml").write_text(SECRETS)
    (folder / "pinery.secrets.toml").chmod(0o600)
    found = load_configuration(folder)
    assert "secret-path" not in repr(found) and "hush" not in repr(found)
    return found.channel_options(found.channels["page"])


def test_an_address(tmp_path: Path) -> None:
    options = _load(tmp_path, 'url = "https://bot.example.com/x"\ntimeout = "5s"')
    assert options == {"url": "https://bot.example.com/x", "timeout": 5}


def test_an_address_that_is_a_secret(tmp_path: Path) -> None:
    options = _load(tmp_path, 'url_secret = "page"\ntoken_secret = "key"')
    assert options == {"url": "https://127.0.0.1:1/quite-secret", "token": "hush-hush", "timeout": 10}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "needs either url or url_secret"),
        ('url = "https://a.example"\nurl_secret = "page"', "needs either url or url_secret"),
        ('url_secret = "pager"', "pager"),
        ('url = "bot.example.com"', "must begin with http:// or https://"),
        ('ulr = "https://a.example"', "did you mean 'url'?"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        _load(tmp_path, settings)
    assert said in " ".join([error.value.message, *error.value.findings])
    assert "quite-secret" not in " ".join([error.value.message, *error.value.findings])
