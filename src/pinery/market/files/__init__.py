"""Bar files: reading any common layout, writing CSV and Parquet."""

from pinery.market.files.names import guess
from pinery.market.files.reader import FileBars, read_bars
from pinery.market.files.report import BarFileError, Problem, Report
from pinery.market.files.writer import write_bars

__all__ = ["BarFileError", "FileBars", "Problem", "Report", "guess", "read_bars", "write_bars"]
