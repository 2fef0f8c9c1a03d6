"""Secrets: ``pinery.secrets.toml`` beside ``pinery.toml``, and the environment.

    [secrets]
    mail = "…"                       # named by settings that end in _secret; or PINERY_SECRET_MAIL in the environment

    [webhook_tokens]
    demo = ["sha256:…"]              # only hashes: a token is shown once, when it is made

Charts that send over HTTP to a deployment's own webhook need its token, and only hashes are kept: they have one of
their own, made from a key that lies beside (``.pinery.key``), or one that is a secret with a name.

No value of it is ever part of a message, a repr or a log line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets as randomness
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pinery.app.config.findings import Finding, did_you_mean
from pinery.app.config.lines import Lines
from pinery.trading.errors import ConfigError

SECRETS_NAME = "pinery.secrets.toml"
KEY_NAME = ".pinery.key"
ENVIRONMENT_PREFIX = "PINERY_SECRET_"
_HASH = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Secrets:
    """``tokens``: deployment -> SHA-256 (hex) of the tokens that open its webhook."""

    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    key: bytes = field(default=b"", repr=False)  # of this folder; empty until ``make_key``

    def has(self, name: str) -> bool:
        return variable(name) in self.environment or name in self.values

    def value(self, name: str) -> str:
        """The environment comes first. Raises ConfigError."""
        found = self.environment.get(variable(name), self.values.get(name))
        if found is None:
            raise ConfigError(f"there is no secret {name!r}", hint=how_to_give(name))
        return found

    def known(self) -> tuple[str, ...]:
        """All values, so that they can be kept out of logs."""
        return (*self.values.values(), *self.environment.values())

    def chart_token(self, deployment: str, named: str = "") -> str | None:
        """The token with which a deployment's chart opens its webhook: the secret ``named``, else one made from the
        folder's key. None where that is not there."""
        if named:
            return self.value(named) if self.has(named) else None
        if not self.key:
            return None
        digest = hmac.digest(self.key, f"chart:{deployment}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def names(self) -> list[str]:
        return sorted(self.values)


def variable(name: str) -> str:
    """The environment variable of a secret."""
    return ENVIRONMENT_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def how_to_give(name: str) -> str:
    return f'write {name} = "…" under [secrets] in {SECRETS_NAME}, or set {variable(name)}'


def read_secrets(folder: Path, environment: Mapping[str, str] | None = None) -> tuple[Secrets, list[Finding]]:
    """What is there, and what is wrong with it. A missing file holds nothing."""
    path = folder / SECRETS_NAME
    environment = os.environ if environment is None else environment
    given = {name: value for name, value in environment.items() if name.startswith(ENVIRONMENT_PREFIX)}
    own = _read_key(folder)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Secrets(path, environment=given, key=own), []
    except OSError as error:
        return Secrets(path), [_finding((), f"cannot be read: {error.strerror or error}")]
    except UnicodeDecodeError:
        return Secrets(path), [_finding((), "is not UTF-8 text")]
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Secrets(path), [_finding((), f"is not valid TOML: {error}")]
    findings: list[Finding] = []
    lines = Lines(text)
    for key in data.keys() - {"secrets", "webhook_tokens"}:
        message = f"there is no such section; {did_you_mean(key, ('secrets', 'webhook_tokens'))}"
        findings.append(_finding((key,), message, lines))
    values: dict[str, str] = {}
    for name, value in _table(data, "secrets", findings, lines).items():
        if isinstance(value, str) and value:
            values[name] = value
        else:
            findings.append(_finding(("secrets", name), 'must be text in quotes ("…"), not empty', lines))
    tokens: dict[str, tuple[str, ...]] = {}
    for name, hashes in _table(data, "webhook_tokens", findings, lines).items():
        texts = hashes if isinstance(hashes, list) else [hashes]
        matches = [_HASH.fullmatch(item) if isinstance(item, str) else None for item in texts]
        if all(matches):
            tokens[name] = tuple(match[1] for match in matches if match)
        else:
            message = 'must be a list of "sha256:" and 64 hexadecimal digits: hashes, not the tokens themselves; '
            message += f"make a new token with: pinery config rotate-token {name}"
            findings.append(_finding(("webhook_tokens", name), message, lines))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        message = f"others may read or change it (mode {mode:04o}); run: chmod 600 {path}"
        findings.append(_finding((), message, is_error=False))
    return Secrets(path, values, tokens, given, text, own), findings


def _table(data: Mapping[str, object], name: str, findings: list[Finding], lines: Lines) -> Mapping[str, object]:
    table = data.get(name, {})
    if isinstance(table, dict):
        return table
    findings.append(_finding((name,), f"must be a table: [{name}] on a line, its entries below", lines))
    return {}


def _finding(path: tuple[str, ...], message: str, lines: Lines | None = None, *, is_error: bool = True) -> Finding:
    return Finding(path, message, is_error, SECRETS_NAME, lines.of(path) if lines else None)


# --- tokens ---------------------------------------------------------------------------


def new_token() -> str:
    """256 random bits, fit for a URL."""
    return randomness.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read_key(folder: Path) -> bytes:
    with suppress(OSError):
        return (folder / KEY_NAME).read_bytes()
    return b""


def make_key(folder: Path) -> None:
    """The folder's key, 256 random bits, where there is none yet. Where it cannot be written, there stays none."""
    path = folder / KEY_NAME
    if path.exists():
        return
    with suppress(OSError):
        descriptor, draft = tempfile.mkstemp(prefix=".pinery-", dir=folder)  # made with mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(randomness.token_bytes(32))
        with suppress(FileExistsError):  # another process was quicker
            os.link(draft, path)
        Path(draft).unlink()


def write_secrets(path: Path, text: str) -> None:
    """Replace the file whole, readable by its owner only. Raises OSError."""
    descriptor, draft = tempfile.mkstemp(prefix=".pinery-", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
