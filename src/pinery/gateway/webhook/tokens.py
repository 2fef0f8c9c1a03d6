"""The secret in the URL, and the deployment that it opens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256

from pinery.gateway.settings import Hook

LONGEST = 200


def new_token() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Doors:
    """Hashes of all tokens. ``hooks`` is asked for each request; a new mapping replaces the old one."""

    def __init__(self, hooks: Callable[[], Mapping[str, Hook]]) -> None:
        self._hooks = hooks
        self._seen: Mapping[str, Hook] | None = None
        self._deployments: dict[str, str] = {}

    def deployment(self, token: str) -> str | None:
        """The deployment that a token opens.

        The time that a dictionary takes depends on the token's hash only. Whoever measures it learns of a hash that he
        can compute himself, and how close it comes to a stored one says nothing about the token behind that: SHA-256
        is one-way. So nothing is compared with the secret itself, and looking up is as good as comparing in constant
        time with each.
        """
        hooks = self._hooks()
        if hooks is not self._seen:
            self._deployments = {
                digest.lower(): hook.deployment for hook in hooks.values() for digest in hook.token_hashes
            }
            self._seen = hooks
        return self._deployments.get(token_hash(token)) if 0 < len(token) <= LONGEST else None
