"""``pinery backtest``."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinery.app import report
from pinery.app.backtesting import Tested, execute_backtest
from pinery.app.currencies import parse_rates
from pinery.app.options import writable, zone_info
from pinery.app.progress import progress_bar
from pinery.app.results import chart_subject
from pinery.app.run_command import RunOptions, check_outputs, job_of, showing_findings, write_outputs
from pinery.app.settings import Settings
from pinery.app.summary import print_logs, print_warnings, summary_data
from pinery.app.tested_summary import print_backtest, print_verdict
from pinery.app.writing import write_text
from pinery.core.errors import GateError, UsageError
from pinery.core.version import VERSION
from pinery.emulator.trades import TradeRecord
from pinery.market.rates import Rates
from pinery.tester.gate import Gate, Verdict
from pinery.tester.statistics import Period
from pinery.tester.statistics.table import plain


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """The options of ``pinery backtest`` as given: those of ``run`` and its own."""

    run: RunOptions
    trades: Path | None = None
    zone: str | None = None  # of the times in the list of trades
    report: Path | None = None
    rates: list[str] = field(default_factory=list)
    gate: bool = False
    gate_file: Path | None = None
    every_figure: bool = False


def backtest_script(options: BacktestOptions, settings: Settings) -> None:
    """Tests a strategy, writes what was asked for, prints the summary; raises GateError where the gate stays shut."""
    run = options.run
    check_outputs(run)
    writable(options.trades, "--trades")
    writable(options.report, "--report")
    if options.zone is not None:
        zone_info(options.zone)
    gate = read_gate(options.gate_file) if options.gate else None
    rates: Mapping[str, Rates] = dict(parse_rates(text) for text in options.rates)
    job = job_of(run, settings)
    with showing_findings(job.source), progress_bar(run.file.name, enabled=not run.as_json) as progress:
        tested = execute_backtest(job, rates, progress)
    verdict = tested.result.judge(gate) if gate is not None else None
    written = _write(options, tested, verdict)
    if run.as_json:
        json.dump(backtest_data(tested, written, verdict), sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    else:
        print_warnings(tested.finished, tested.result.warnings)
        if run.logs:
            print_logs(tested.finished)
        print_backtest(tested, written, every_figure=options.every_figure)
        if verdict is not None:
            print_verdict(verdict, tested.result.currency, synthetic=tested.result.synthetic)
    if verdict is not None and not verdict.passed:
        failed = sum(not check.passed for check in verdict.checks)
        raise GateError(f"the strategy does not pass the gate: {failed} of {len(verdict.checks)} checks failed")


def read_gate(path: Path | None) -> Gate:
    """The limits in a TOML file; the defaults without one."""
    if path is None:
        return Gate()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"--gate: there is no file {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--gate {path} cannot be read: {error}") from None
    return Gate.from_data(data, str(path))


def _write(options: BacktestOptions, tested: Tested, verdict: Verdict | None) -> dict[str, str]:
    written = write_outputs(options.run, tested.finished)
    if options.trades is not None:
        write_text(options.trades, [tested.result.trade_list(options.zone)])
        written["trades"] = str(options.trades)
    if options.report is not None:
        write_text(options.report, [report_page(tested, verdict)])
        written["report"] = str(options.report)
    return written


def report_page(tested: Tested, verdict: Verdict | None = None) -> str:
    """The HTML of the report."""
    findings = [
        f"line {tested.finished.script.sources[d.span.file].position(d.span.start)[0]}: {d.message}"
        for d in tested.finished.script.warnings
    ]
    notice = [tested.finished.market.notice] if tested.finished.market.notice else []
    said = [*notice, *tested.warnings, *findings]
    return report.render(report.build(tested.result, chart_subject(tested.finished), said, verdict))


def backtest_data(tested: Tested, written: dict[str, str], verdict: Verdict | None = None) -> dict[str, Any]:
    """The result as plain data for ``--json``; na is null, times are Unix ms."""
    result = tested.result
    summary = summary_data(tested.finished, written)
    data = summary | {
        "warnings": [*summary["warnings"], *result.warnings],
        "currency": result.currency,
        "initial_capital": plain(result.settings.initial_capital),
        "settings": dict(report.settings_texts(result)),
        "metrics": result.metrics.as_data(),
        "monthly": [_period(period) for period in result.metrics.monthly],
        "yearly": [_period(period) for period in result.metrics.yearly],
        "trades": [_trade(trade) for trade in result.trades],
        **{key: value for key, value in result.subject().items() if key != "inputs"},
    }
    if verdict is not None:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        data["gate"] = verdict.as_data() | {"pinery": VERSION, "made": made}
    return data


def _trade(trade: TradeRecord) -> dict[str, Any]:
    return {name: plain(v) if isinstance(v, float) else v for name, v in asdict(trade).items()}


def _period(period: Period) -> dict[str, Any]:
    return {
        "year": period.year,
        **({"month": period.month} if period.month else {}),
        "profit": plain(period.profit),
        "return_percent": plain(period.return_percent),
        "trades": period.trades,
    }
