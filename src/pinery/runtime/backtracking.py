"""Regular expressions in time proportional to expression times text, for those that ``re`` may never finish.

The expression becomes a small program; a search walks it as a backtracking matcher would, so that the
same part is found, but enters each pair of instruction and position only once. Read here is what
``patterns`` writes: Python's notation without comments, conditions or references to groups.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pinery.core.errors import PineRuntimeError

_STEPS = 3_000_000  # of one search
_SIZE = 20_000  # instructions, which repetitions with counts multiply
_TAKE, _SPLIT, _JUMP, _DONE, _CHECK, _LOOK, _ATOMIC = range(7)


@dataclass(slots=True)
class Instruction:
    op: int
    test: Callable[[str], bool] | None = None  # _TAKE: of one character
    check: re.Pattern[str] | None = None  # _CHECK: between characters
    first: int = 0  # _SPLIT, _JUMP: offset tried first
    second: int = 0  # _SPLIT: offset tried next
    part: list[Instruction] | None = None  # _LOOK, _ATOMIC
    wanted: bool = True  # _LOOK


Code = list[Instruction]


@dataclass(slots=True)
class _Steps:
    left: int = _STEPS


@dataclass(slots=True)
class Reader:
    """Reads an expression into a program. Raises ``re.error`` for what is beyond it."""

    text: str
    at: int = 0
    flags: list[str] = field(default_factory=lambda: [""])

    def program(self) -> Code:
        code = self.choice()
        if self.at < len(self.text):
            raise re.error("unbalanced parenthesis")
        return [*code, Instruction(_DONE)]

    def choice(self) -> Code:
        code = self.sequence()
        if self.text[self.at : self.at + 1] != "|":
            return code
        self.at += 1
        other = self.choice()
        return [
            Instruction(_SPLIT, first=1, second=len(code) + 2),
            *code,
            Instruction(_JUMP, first=len(other) + 1),
            *other,
        ]

    def sequence(self) -> Code:
        code: Code = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            code += self.repeated(self.atom())
            if len(code) > _SIZE:
                raise re.error("it is too large")
        return code

    def repeated(self, atom: Code) -> Code:
        found = re.compile(r"([*+?]|\{(\d*)(,?)(\d*)\})([?+]?)").match(self.text, self.at)
        if not found or found[1] == "{}" or found[1] == "{,}":
            return atom
        self.at = found.end()
        if found[1] in "*+?":
            least, most = int(found[1] == "+"), 1 if found[1] == "?" else None
        else:
            least = int(found[2] or 0)
            most = (int(found[4]) if found[4] else None) if found[3] else least
        if (most or 0) < least and most is not None:
            raise re.error("min repeat greater than max repeat")
        if len(atom) * max(least, most or 0) > _SIZE:
            raise re.error("it is too large")
        lazy = found[5] == "?"

        def split(inside: int, outside: int) -> Instruction:
            return Instruction(_SPLIT, first=outside if lazy else inside, second=inside if lazy else outside)

        code = atom * least
        if most is None:
            code = [*code, split(1, len(atom) + 2), *atom, Instruction(_JUMP, first=-len(atom) - 1)]
        else:
            for left in range(most - least, 0, -1):
                code = [*code, split(1, left * (len(atom) + 1)), *atom]
        if found[5] == "+":
            return [Instruction(_ATOMIC, part=[*code, Instruction(_DONE)])]
        return code

    def atom(self) -> Code:
        text, at = self.text, self.at
        c = text[at]
        if c == "(":
            return self.group()
        if c in "*+?":
            raise re.error("nothing to repeat")
        if c == "[":
            self.at = _class_end(text, at)
        elif c == "\\":
            size = {"x": 4, "u": 6, "U": 10}.get(text[at + 1 : at + 2], 2)
            self.at = at + size
            if text[at + 1] in "bBAZ":
                return [Instruction(_CHECK, check=self.compiled(text[at : self.at]))]
            if text[at + 1] in "123456789":
                raise re.error("references are not supported")
        else:
            self.at = at + 1
            if c in "^$":
                return [Instruction(_CHECK, check=self.compiled(c))]
        return [Instruction(_TAKE, test=_tester(self.compiled(text[at : self.at])))]

    def compiled(self, text: str) -> re.Pattern[str]:
        flags = self.flags[-1]
        return re.compile(f"(?{flags}:{text})" if flags else text, re.ASCII)

    def group(self) -> Code:
        text, at = self.text, self.at
        head = re.compile(r"\((?:\?(?:P<\w+>|<[=!]|[=!>:]|(\w*)(?:-(\w+))?:))?").match(text, at)
        if not head or text.startswith("(?P=", at):
            raise re.error("this group is not supported")
        if head[0] in ("(?<=", "(?<!"):
            # Its width is fixed, so that re decides it at once.
            self.at = _group_end(text, at)
            return [Instruction(_CHECK, check=self.compiled(text[at : self.at]))]
        self.at = head.end()
        on, off = head[1] or "", head[2] or ""
        self.flags.append("".join(f for f in dict.fromkeys(self.flags[-1] + on) if f not in off))
        code = self.choice()
        self.flags.pop()
        if self.text[self.at : self.at + 1] != ")":
            raise re.error("missing ), unterminated subpattern")
        self.at += 1
        if head[0] in ("(?=", "(?!"):
            return [Instruction(_LOOK, part=[*code, Instruction(_DONE)], wanted=head[0] == "(?=")]
        if head[0] == "(?>":
            return [Instruction(_ATOMIC, part=[*code, Instruction(_DONE)])]
        return code


def _tester(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    known: dict[str, bool] = {}

    def test(character: str) -> bool:
        found = known.get(character)
        if found is None:
            found = known[character] = pattern.fullmatch(character) is not None
        return found

    return test


def _class_end(text: str, at: int) -> int:
    at += 1 + text.startswith("^", at + 1)
    first = at
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "]" and at > first:
            return at + 1
        at += 1
    raise re.error("unterminated character set")


def _group_end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        c = text[at]
        if c == "[":
            at = _class_end(text, at)
            continue
        if c == "\\":
            at += 1
        depth += (c == "(") - (c == ")")
        at += 1
        if depth == 0:
            return at
    raise re.error("missing ), unterminated subpattern")


def compile(text: str) -> Code:
    return Reader(text).program()


def search(code: Code, source: str) -> str:
    """The first match, or an empty string. Raises ``PineRuntimeError`` when it takes too many steps."""
    steps = _Steps()
    visited: set[tuple[int, int]] = set()
    for start in range(len(source) + 1):
        end = _run(code, source, start, visited, steps)
        if end is not None:
            return source[start:end]
    return ""


def _run(code: Code, source: str, start: int, visited: set[tuple[int, int]], steps: _Steps) -> int | None:
    """Where the match that begins at ``start`` ends."""
    waiting = [(0, start)]
    while waiting:
        at, position = waiting.pop()
        while (at, position) not in visited:
            visited.add((at, position))
            steps.left -= 1
            if steps.left < 0:
                raise PineRuntimeError("The regular expression takes too long on this text.")
            instruction = code[at]
            op = instruction.op
            if op == _TAKE:
                assert instruction.test is not None
                if position >= len(source) or not instruction.test(source[position]):
                    break
                at, position = at + 1, position + 1
            elif op == _SPLIT:
                waiting.append((at + instruction.second, position))
                at += instruction.first
            elif op == _JUMP:
                at += instruction.first
            elif op == _DONE:
                return position
            elif op == _CHECK:
                assert instruction.check is not None
                if instruction.check.match(source, position) is None:
                    break
                at += 1
            else:
                assert instruction.part is not None
                end = _run(instruction.part, source, position, set(), steps)
                if op == _LOOK:
                    if (end is not None) != instruction.wanted:
                        break
                elif end is None:
                    break
                else:
                    position = end
                at += 1
    return None
