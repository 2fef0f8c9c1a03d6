"""Writes the pages made from tables: built-ins, diagnostics, figures of a backtest, settings, codes of trading.

``--check`` writes nothing and fails where a page is out of date.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from pinery.app.config.schema import schema
from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import ALL, FunctionRow, VariableRow
from pinery.lang.codes import CODES
from pinery.simulators.binance import control as binance_control
from pinery.simulators.binance.faults import FAULTS as BINANCE_FAULTS
from pinery.simulators.tradovate import control as tradovate_control
from pinery.simulators.tradovate.faults import KINDS as TRADOVATE_FAULTS
from pinery.tester.gate import DEFAULT_AT_LEAST, DEFAULT_AT_MOST
from pinery.tester.statistics.table import GROUPS
from pinery.trading.denials import DENIALS
from pinery.trading.events import EVENTS
from pinery.trading.risk import CHECKS

DOCS = Path(__file__).resolve().parent.parent / "docs"
Row = FunctionRow | VariableRow


def builtins_page() -> str:
    """Every built-in with its signatures, by namespace."""
    known = registry()
    groups: dict[str, list[Row]] = defaultdict(list)
    for table in (known.functions, known.variables):
        for row in table.values():
            groups[_namespace(row.name)].append(row)
    functions, variables = len(known.functions), len(known.variables)
    lines = [
        "# Built-ins",
        "",
        "Made from the tables in `src/pinery/lang/builtins` by `make docs`; do not edit.",
        "",
        f"{functions} functions and {variables} variables and constants. Without a note a built-in is there in "
        "versions 4, 5 and 6; a name ending in `@4` is what version 4 means by the name before the `@`. "
        "A parameter without a qualifier takes series values; `?` marks one that may be left out.",
        "",
        " · ".join(f"[{name}](#{_anchor(name)})" for name in sorted(groups)),
        "",
    ]
    for name in sorted(groups):
        lines += [f"## {name}", ""]
        rows = sorted(groups[name], key=lambda row: row.name.lower())
        constants = [row for row in rows if isinstance(row, VariableRow) and row.is_constant]
        for row in rows:
            if isinstance(row, FunctionRow):
                lines += [f"### {row.name}(){_versions(row)}", "", row.doc, "", "```"]
                lines += [f"{row.name}{overload.text}" for overload in row.overloads]
                lines += ["```", ""]
            elif not row.is_constant:
                lines += [
                    f"### {row.name}{_versions(row)}",
                    "",
                    f"`{row.qualifier.name.lower()} {row.type}`. {row.doc}",
                    "",
                ]
        if constants:
            lines += ["| constant | type | |", "|---|---|---|"]
            lines += [f"| `{row.name}` | {row.type} | {_cell(row.doc)}{_versions(row)} |" for row in constants]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def diagnostics_page() -> str:
    """Every code with its meaning."""
    lines = [
        "# Diagnostics",
        "",
        "Made from `src/pinery/lang/codes.py` by `make docs`; do not edit.",
        "",
        "Codes are stable: scripts and editors may rely on them. `pinery check` ends with exit code 1 when there is "
        "an error; warnings do not stop a run.",
        "",
        "| code | severity | what | meaning |",
        "|---|---|---|---|",
    ]
    for name, code in sorted(CODES.items()):
        lines.append(f"| {name} | {code.severity.value} | {_cell(code.title)} | {_cell(code.explanation)} |")
    return "\n".join(lines) + "\n"


_UNITS = {
    "money": "account currency",
    "percent": "%",
    "ratio": "",
    "count": "",
    "bars": "bars",
    "quantity": "contracts",
    "days": "days",
    "hours": "hours",
}


def metrics_page() -> str:
    """Every figure of a backtest with its definition, and the gate's default limits."""
    lines = [
        "# Figures of a backtest",
        "",
        "Made from `src/pinery/tester/statistics` by `make docs`; do not edit.",
        "",
        "Each is worked out for all trades, for long and for short ones, unless it says *all only*. The names are the "
        "keys of `metrics` in `pinery backtest --json` and of `pinery.backtest(...).metrics`. Profits are net of "
        "commission, amounts in the account's currency. A figure that is undefined (a ratio to nothing, an average of "
        "no trades) is na: `—` in tables, null in JSON, NaN in Python; never 0.",
        "",
    ]
    for group, metrics in GROUPS.items():
        lines += [f"## {group}", "", "| name | figure | unit | definition |", "|---|---|---|---|"]
        for metric in metrics:
            formula = _cell(metric.formula) + ("" if metric.sides else " (*all only*)")
            lines.append(f"| `{metric.name}` | {metric.title} | {_UNITS[metric.unit]} | {formula} |")
        lines.append("")
    lines += [
        "Drawdown and run-up inside bars of all trades come from the broker emulator, which follows each bar's price "
        "path; those of long and short are worked out from the bars' highs and lows, limited in the bars of entry and "
        "exit by what the trade itself went through.",
        "",
        "## By month and by year",
        "",
        "`monthly` and `yearly` have a row per calendar month and year of the run, in the exchange's time zone: "
        "`profit` of the trades closed in it, their number `trades`, and `return_percent`, the change of equity at bar "
        "closes (open trades included) in percent of the equity it began with.",
        "",
        "## The gate",
        "",
        "`pinery backtest --gate` holds the figures of all trades against limits. These are the defaults; a TOML file "
        "(`--gate limits.toml`) changes them, adds any figure above, or lifts one with `false`.",
        "",
        "```toml",
        "[at_least]",
        *(f"{name} = {value:g}" for name, value in DEFAULT_AT_LEAST.items()),
        "",
        "[at_most]",
        *(f"{name} = {value:g}" for name, value in DEFAULT_AT_MOST.items()),
        "```",
        "",
        "`months` is the time from the first bar's opening to the last one's closing, in calendar months. A figure "
        "that is na does not pass.",
    ]
    return "\n".join(lines) + "\n"


def configuration_page() -> str:
    """Every setting of pinery.toml, from its JSON schema."""
    made = schema()
    lines = [*_CONFIGURATION_INTRO.splitlines(), ""]
    told: set[str] = set()
    for name, about in made["properties"].items():
        if name in ("libraries", "limits"):
            continue
        named = about.get("additionalProperties")
        about = next((kind for kind in about.get("anyOf", ()) if "$ref" in kind), about)
        if isinstance(named, dict) and "oneOf" in named:
            told_by = named["discriminator"]["propertyName"]
            kinds = {reference: kind for kind, reference in named["discriminator"]["mapping"].items()}
            for one in named["oneOf"]:
                model, kind = _definition(one, made), kinds[one["$ref"]]
                lines += _settings(f"[{name}.NAME]", model, made, told, f' {told_by} = "{kind}"')
        elif isinstance(named, dict):
            lines += _settings(f"[{name}.NAME]", _definition(named, made), made, told)
        else:
            lines += _settings(f"[{name}]", _definition(about, made), made, told)
    return "\n".join(lines).rstrip() + "\n"


def _settings(heading: str, model: dict[str, Any], made: dict[str, Any], told: set[str], which: str = "") -> list[str]:
    """A table's own settings, then the tables inside it. ``told``: those that are told of already."""
    if heading + which in told:
        return []
    told.add(heading + which)
    lines = [f"## {heading}{which}", "", model.get("description", ""), ""]
    inner: list[str] = []
    rows = []
    for name, about in model.get("properties", {}).items():
        if "$ref" in about and "properties" in _definition(about, made):
            inner += _settings(f"{heading[:-1]}.{name}]", _definition(about, made), made, told)
        else:
            default = "*needed*" if name in model.get("required", ()) else _default(about.get("default"))
            rows.append(f"| `{name}` | {default} | {_cell(about.get('description', ''))} |")
    if rows:
        lines += ["| setting | default | |", "|---|---|---|", *rows, ""]
    extra = model.get("additionalProperties")
    if isinstance(extra, dict) and "$ref" in extra:
        inner += _settings(f'{heading[:-1]}."SYMBOL"]', _definition(extra, made), made, told)
    return lines + inner


def _definition(about: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["$defs"][about["$ref"].rpartition("/")[2]] if "$ref" in about else about
    return found


def _default(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else json.dumps(value)}`"


def codes_page() -> str:
    """Why signals are refused, which checks there are, and what is told of."""
    lines = [
        "# Denials and events",
        "",
        "Made from the tables in `src/pinery/trading` by `make docs`; do not edit.",
        "",
    ]
    lines += ["## Why a signal or an order is refused", "", "| code | |", "|---|---|"]
    lines += [f"| `{code}` | {_cell(text)} |" for code, text in DENIALS.items()]
    lines += ["", "## Risk checks, in their order", "", "| check | asked for |", "|---|---|"]
    lines += [f"| {check.name} | {'entries' if check.entries else 'every order'} |" for check in CHECKS]
    lines += [
        "",
        "## Events",
        "",
        "What notifications may be sent for; `kinds` of a channel takes patterns as `order.*`.",
    ]
    lines += ["", "| kind | severity | |", "|---|---|---|"]
    lines += [f"| `{kind}` | {severity.value} | {title} |" for kind, (severity, title) in EVENTS.items()]
    return "\n".join(lines) + "\n"


def simulators_page() -> str:
    """How to rehearse, then both venues: control endpoint and faults, as their modules have them."""
    lines = _SIMULATORS_INTRO.splitlines()
    for title, control, kinds in (
        ("Binance USDⓈ-M Futures", binance_control, BINANCE_FAULTS),
        ("Tradovate", tradovate_control, TRADOVATE_FAULTS),
    ):
        endpoints = (control.__doc__ or "").partition("\n\n")[2].strip().replace("``", "`")
        lines += ["", f"## {title}", "", endpoints, "", "| fault | what happens | where it can |", "|---|---|---|"]
        for name, kind in kinds.items():
            points = ", ".join(f"`{point}`" for point in kind.points)
            lines.append(f"| `{name}` | {_cell(kind.text)} | {_cell(points)} |")
    return "\n".join(lines) + "\n"


_SIMULATORS_INTRO = """\
# Simulated venues

Made from the simulators in `src/pinery/simulators` by `make docs`; do not edit.

`pinery sim binance` and `pinery sim tradovate` are servers on this machine that speak the venues' own protocols:
logins and signatures, limits, filters, order life, brackets and conditional orders, partial fills, positions,
balances, streams. A client that knows the venue cannot tell the difference, and no money is in it.

```
pinery sim binance                                   # made-up ETH and BTC perpetuals, at the clock's pace
pinery sim binance --write                           # account, feed and secrets go into the folder's files
pinery sim binance --bars BINANCE:ETHUSDT.P=eth.csv --speed 60
pinery sim tradovate --state sim.db                  # a restart goes on: account, orders, positions, market
pinery sim binance --fault unanswered:5% --fault clock:2
pinery sim tradovate --list-faults
```

It prints its addresses, the credentials that it made (`--key`, `--secret` give others; a kept state and a folder that
was written to keep theirs), and what belongs into `pinery.toml` and `pinery.secrets.toml`. Then a line for each
request that changes something or fails, each fill and each fault; `--verbose` adds the questions. Ctrl-C ends it. It
listens on this machine only.

**Prices** are bars played back, each along a path through its high and low: a file, stored bars, or made-up ones.
They come again in loops of whole weeks, so there are bars for any moment. Charts that use the `[feeds]` section it
prints see the same prices at the same time, and so does the history that the venue gives (klines, of two years at the
most, and `getChart`).

**Time.** The venue's own time (signatures, order and fill times, contract months) is the clock's, always. The
market's time, that of bars and candles, begins at the clock's, or at `--start`, and runs `--speed` times as fast:
sixty times as fast it is an hour ahead after a minute. Signed requests get through at any speed. A feed of kind
`binance` or `tradovate` on a simulator needs speed 1; at other speeds take the replayed feed that it prints.

**Faults** are armed when it starts (`--fault NAME` once, `NAME:3` three times, `NAME:5%` that share of all until
cleared) or over HTTP while it runs, and happen where they fit: some at any request, some at orders, some in a stream.
The same seed and the same requests meet the same faults.

```
curl -X POST http://127.0.0.1:8790/sim/faults -d '{"fault": "unanswered", "where": "POST /fapi/v1/order", "times": 1}'
curl -X POST http://127.0.0.1:8790/sim/price -d '{"symbol": "ETHUSDT", "price": "2000"}'
curl http://127.0.0.1:8790/sim/state
```
"""


_CONFIGURATION_INTRO = """\
# pinery.toml

Made from the models in `src/pinery/app/config` by `make docs`; do not edit.

`pinery init` writes a first one. `pinery config check` names every mistake with its line, and shows what each \
deployment risks and may win per trade; `pinery config show` prints every value, defaults included; \
`pinery config schema` prints the JSON schema by which editors complete the file (`#:schema` in its first line). \
A running Pinery takes changes over within a second or so; a file with mistakes, or one that moves a \
deployment which holds something at a broker to another account, is reported and the settings before it stay. \
The addresses of servers, the store and the number of processes need a restart.

## How values are written

| what | how |
|---|---|
| duration | `"50ms"`, `"30s"`, `"5m"`, `"4h"`, `"2d"`; a number is seconds |
| distance from the entry | `"1%"`, `"7 points"`, `"20 ticks"`, a price as `"4100.25"`, `"signal"`: as the alert says |
| size | `1` contract, `"5000 USD"` worth, `"10%"` of equity, `"risk 250 USD"`: lost if the stop is hit |
| trading hours | `"06:30-12:30 UTC-8 Mon-Fri"`, `"09:30-16:00 America/New_York"`, a list of such, `"always"` |
| percent, share | `"2%"` or `2`; a share of orders `"5%"` or `0.05` |

ES and MES trade at 06:30-12:30 UTC-8, Monday to Friday, unless told otherwise; other symbols in their exchange's \
session.

## Secrets

`pinery.secrets.toml` beside it, readable by its owner only (mode 0600), holds what must not be seen:

```toml
[secrets]
mail = "the mail server's password"     # named by settings that end in _secret

[webhook_tokens]
demo = ["sha256:…"]                     # hashes of the tokens in webhook addresses
```

A secret may come from the environment instead: `PINERY_SECRET_MAIL`. `pinery config rotate-token NAME` makes a new \
webhook address, prints it once, and ends the old ones (`--keep-old`: not yet).

## For scripts

| setting | |
|---|---|
| `libraries` | Folders with `name/library/version.pine`. |
| `symbols` | Name of a TOML file with more instruments; as a table, `file` is that name. |
| `[limits]` | What protects against runaway scripts, as `max_loop_seconds`. |
"""


def _namespace(name: str) -> str:
    return name.split(".")[0].split("@")[0] if "." in name else "global"


def _anchor(name: str) -> str:
    return name.lower()


def _versions(row: Row) -> str:
    if row.versions == ALL:
        return ""
    return " (v" + ", v".join(map(str, row.versions)) + ")"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES = {
    "builtins.md": builtins_page,
    "diagnostics.md": diagnostics_page,
    "metrics.md": metrics_page,
    "configuration.md": configuration_page,
    "denials.md": codes_page,
    "simulators.md": simulators_page,
}


def main() -> int:
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(("out of date: " if "--check" in sys.argv else "written: ") + ", ".join(stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
