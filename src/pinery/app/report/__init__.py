"""The self-contained HTML report of a backtest."""

from pinery.app.report.html import render
from pinery.app.report.payload import build, settings_texts

__all__ = ["build", "render", "settings_texts"]
