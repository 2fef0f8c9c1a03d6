"""The engine: a compiled script and bars in, plots, alerts, drawings and order commands out."""

from pinery.engine.compile import CompiledScript, compile_script
from pinery.engine.run import RunResult, run

__all__ = ["CompiledScript", "RunResult", "compile_script", "run"]
