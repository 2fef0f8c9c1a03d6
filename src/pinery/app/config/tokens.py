"""Webhook tokens: made here, shown once, kept as hashes in ``pinery.secrets.toml``."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from tomlkit.items import Table

from pinery.app.config.reading import load_configuration
from pinery.app.config.secrets import SECRETS_NAME, new_token, token_hash, write_secrets
from pinery.trading.errors import ConfigError

_HEADER = """\
# Secrets of the pinery.toml beside this file. Keep it to yourself: mode 0600, and out of version control.

# Values that pinery.toml names in settings ending in _secret. PINERY_SECRET_<NAME> in the environment comes first.
[secrets]
# mail = "the mail server's password"

# SHA-256 of the tokens in the webhooks' addresses. Make a new one with: pinery config rotate-token NAME
[webhook_tokens]
"""


def rotate_token(folder: Path, deployment: str, *, keep_old: bool = False) -> str:
    """The deployment's new webhook address; the old ones end unless ``keep_old``.

    Only this once is the token known. Raises ConfigError and NotFound, and leaves everything as it was.
    """
    configuration = load_configuration(folder)
    configuration.deployment(deployment)
    return configuration.webhook.hook_url(add_token(folder, deployment, keep_old=keep_old))


def add_token(folder: Path, deployment: str, *, keep_old: bool = False) -> str:
    """A new token for ``deployment``, its hash in the secrets file; the rest of that file stays as it is."""
    path = folder / SECRETS_NAME
    token = new_token()
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else _HEADER
        document = tomlkit.parse(text)
        tokens = document.setdefault("webhook_tokens", tomlkit.table())
        if not isinstance(tokens, Table):
            raise ConfigError(f"{path}: webhook_tokens must be a table: [webhook_tokens] on a line")
        old = list(tokens.get(deployment, [])) if keep_old else []
        tokens[deployment] = [*old, f"sha256:{token_hash(token)}"]
        write_secrets(path, tomlkit.dumps(document))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from None
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError):
        raise ConfigError(f"{path} is not valid TOML", hint="pinery config check says where") from None
    return token
