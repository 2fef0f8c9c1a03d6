"""The floor: a process of its own that inserts one row at a time, each on disk before the next, at a constant rate.

    python -m benchmarks.alerts_floor URL RATE SECONDS     # prints the seconds of each insert, as JSON

With the same settings of the database as Pinery's own, in a table (on SQLite: a file) of its own.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable

import psycopg

_BODY = '{"signal": "IN", "price": 2047.35, "id": "d0-%d"}'
_TABLE = "CREATE TABLE IF NOT EXISTS floor (id {serial} PRIMARY KEY, body TEXT NOT NULL, received_us BIGINT NOT NULL)"


def _sqlite(path: str) -> Callable[[int], None]:
    connection = sqlite3.connect(f"{path}.floor", isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_TABLE.format(serial="INTEGER"))

    def insert(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO floor (body, received_us) VALUES (?, ?)", (_BODY % number, time.time_ns()))
        connection.execute("COMMIT")

    return insert


def _postgresql(url: str) -> Callable[[int], None]:
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    connection.execute(_TABLE.format(serial="BIGSERIAL"))

    def insert(number: int) -> None:
        connection.execute("INSERT INTO floor (body, received_us) VALUES (%s, %s)", (_BODY % number, time.time_ns()))

    return insert


def main() -> None:
    url, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    insert = _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _postgresql(url)
    for number in range(20):
        insert(number)
    took, started = [], time.perf_counter()
    for number in range(int(rate * seconds)):
        wait = started + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        before = time.perf_counter()
        insert(number)
        took.append(time.perf_counter() - before)
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main()
