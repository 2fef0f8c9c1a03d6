"""The reference back end: IR becomes readable Python, one function per Pine function."""

from pinery.backends.interp.module import Code, compile_program, resolve

__all__ = ["Code", "compile_program", "resolve"]
