from __future__ import annotations

import pytest

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.options import choice, read_options, seconds, secret_name, whole

READERS = {
    "key_secret": secret_name,
    "leverage": whole(1, 20),
    "side": choice("long", "short"),
    "poll": seconds(0.5, 9),
}


def test_options_that_are_right() -> None:
    given = {"key_secret": "venue_key", "leverage": 3, "side": "long", "poll": 2}
    found, findings = read_options(given, READERS, "an account")
    assert found == given and isinstance(found["poll"], float)
    assert not findings


def test_every_mistake_is_found_at_once() -> None:
    wrong = {"leverage": True, "side": "up", "poll": 0.1, "leverag": 3, "zzz": 1}
    found, findings = read_options(wrong, READERS, "an account")
    assert not found
    assert findings == [
        "leverage is a whole number from 1 to 20, not True",
        "side is long or short, not 'up'",
        "poll is a number of seconds from 0.5 to 9, not 0.1",
        "'leverag' is no option of an account; did you mean 'leverage'?",
        "'zzz' is no option of an account; known are key_secret, leverage, poll, side",
    ]


def test_a_secret_written_in_place_of_its_name_is_not_shown() -> None:
    _, findings = read_options({"key_secret": 8675309}, READERS, "an account")
    assert findings == ["key_secret is the name of a secret"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.4.5.6", "::1", "localhost"])
def test_hosts_of_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "192.168.0.1", "0.0.0.0", "localhost.example.org", "fapi.binance.com"])
def test_hosts_elsewhere(host: str) -> None:
    assert not is_this_machine(host)
