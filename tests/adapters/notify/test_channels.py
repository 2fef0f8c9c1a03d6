"""Channels are made from a type and options; what is wrong with them is said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from pinery.adapters.notify.channels import build
from pinery.trading.errors import ConfigError
from pinery.trading.events import Event

MAIL = {"host": "mail.example.org", "sender": "pinery@example.org", "recipients": "me@example.org"}


@pytest.mark.parametrize(
    ("type", "options", "message", "hint"),
    [
        ("smpt", {}, "channel 'ops': there is no type 'smpt'", "did you mean 'smtp'?"),
        ("pigeon", {}, "channel 'ops': there is no type 'pigeon'", "types are console, smtp, http"),
        ("console", {"color": 1}, "channel 'ops' (console): there is no option 'color'", "options are none"),
        ("smtp", {}, "channel 'ops' (smtp): host is missing", "add host = …"),
        ("smtp", {**MAIL, "hosts": "x"}, "there is no option 'hosts'", "did you mean 'host'?"),
        ("smtp", {**MAIL, "port": 0}, "port must be a number from 1 to 65535", ""),
        ("smtp", {**MAIL, "security": "ssl"}, "security is 'ssl'", "it may be starttls, tls, none"),
        ("smtp", {**MAIL, "recipients": []}, "recipients must be a text or a list of texts", ""),
        ("smtp", {**MAIL, "recipients": "nobody"}, "'nobody' is no e-mail address", ""),
        ("smtp", {**MAIL, "sender": "a@b\nBcc: c@d"}, "is no e-mail address", ""),
        ("smtp", {**MAIL, "username": "me"}, "username and password belong together", ""),
        (
            "smtp",
            {**MAIL, "username": "me", "password": "hunter22", "security": "none"},
            "the password would cross the network unencrypted",
            'use security = "starttls" or "tls"',
        ),
    ],
)
def test_what_is_wrong_is_named(type: str, options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        build("ops", type, options)
    assert message in error.value.message
    assert hint in (error.value.hint or "")
    assert "hunter22" not in f"{error.value.message} {error.value.hint}"


def test_the_console_is_a_line_of_the_log() -> None:
    channel = build("screen", "console", {})
    event = Event("order.filled", 0, "demo: filled", "demo", "paper", "s1", {"symbol": "X:Y", "price": "5"})
    with capture_logs() as lines:
        asyncio.run(channel.send(event, 7))
    assert lines == [
        {
            "event": "notification",
            "log_level": "info",
            "channel": "screen",
            "kind": "order.filled",
            "severity": "info",
            "text": "Y at 5 · demo",
            "signal_id": "s1",
            "deployment": "demo",
            "account": "paper",
        }
    ]


def test_a_password_is_in_no_representation() -> None:
    channel = build("mail", "smtp", {**MAIL, "username": "me", "password": "hunter22"})
    assert "hunter22" not in repr(channel) + repr(vars(channel))
    asyncio.run(channel.close())
