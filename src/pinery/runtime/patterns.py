"""``str.match``: regular expressions in Java's notation.

Python's ``re`` runs those that it finishes soon, ``backtracking`` the others.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinery.core.errors import PineRuntimeError
from pinery.runtime import backtracking

# Java's named classes, as members of a set.
_CLASSES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r"\s",
    "L": "a-zA-Zª-\u02ff\u0370-\u1fff\u2c00-\ud7ff",
    "Lu": "A-ZÀ-ÖØ-Þ\u0391-\u03a9\u0410-\u042f",
    "Ll": "a-zß-öø-ÿ\u03b1-\u03c9\u0430-\u044f",
    "N": "0-9²³¹\u0660-\u0669\uff10-\uff19",
    "Nd": "0-9\u0660-\u0669\uff10-\uff19",
    "P": r"!-#%-*,-/:;?@\[-\]_{}\u2010-\u2027\u3001-\u3003",
    "S": "$+<->^`|~\u20a0-\u20bf\u2190-\u23ff",
    "Z": " \u00a0\u2000-\u200a\u2028\u2029\u202f\u3000",
}
_HORIZONTAL = " \\t\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = "\\n\\x0b\\f\\r\\x85\u2028\u2029"


_LINE_END = r"(?=\n?\Z)"  # Java's $

# Two choices (repetitions or alternatives) in one expression can take re exponential time.
_CHOICE = re.compile(r"\\.|\(\?|[*+?|]|\{\d*,?\d*\}", re.DOTALL)


@lru_cache(maxsize=256)
def translate(regex: str) -> re.Pattern[str] | backtracking.Code:
    """Raises ``PineRuntimeError`` for an expression that is wrong or beyond what is supported."""
    try:
        text = _Translator(regex).run()
        compiled = re.compile(text, re.ASCII)
        choices = [m for m in _CHOICE.findall(text.replace(_LINE_END, "")) if m[0] not in "\\("]
        if len(choices) < 2:
            return compiled
        if "(?P=" in text or re.search(r"\\[1-9]|\(\?\w*x", text):
            # Beyond backtracking: left to re, which finishes unless a group repeats.
            if re.search(r"\)[*+{]", text):
                raise re.error("groups that repeat are not supported together with references or comments")
            return compiled
        return backtracking.compile(text)
    except (re.error, RecursionError, OverflowError, ValueError, IndexError) as error:
        raise PineRuntimeError(f'The regular expression "{regex}" is not valid: {error}.') from None


class _Translator:
    """Java's notation into Python's, character by character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[int] = [0]  # for each open group, how many scoped flags end with it

    def run(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            c = self.text[self.at]
            if c == "\\":
                out.append(self.escape(in_class=False))
            elif c == "[":
                out.append(self.klass())
            elif c == "(":
                out.append(self.group())
            elif c == ")":
                if len(self.open) < 2:
                    raise re.error("unbalanced parenthesis")
                out.append(")" * (self.open.pop() + 1))
                self.at += 1
            elif c == "|" and self.open[-1]:
                # Flags set inside a group last for its other alternatives too.
                raise re.error("flags inside one of several alternatives are not supported")
            elif c == "$":
                out.append(_LINE_END)
                self.at += 1
            else:
                out.append(c)
                self.at += 1
        if len(self.open) != 1:
            raise re.error("missing ), unterminated subpattern")
        out.append(")" * self.open[0])
        return "".join(out)

    def group(self) -> str:
        rest = self.text[self.at :]
        flags = re.match(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])", rest)
        if flags and rest[:3] != "(?:" and (flags[1] or flags[2]):
            self.at += flags.end()
            on = "".join(dict.fromkeys(f for f in flags[1] if f in "imsx"))
            off = "".join(dict.fromkeys(f for f in flags[2] or "" if f in "imsx"))
            start = f"(?{on}{'-' + off if off else ''}:"
            if flags[3] == ":":
                self.open.append(0)
            else:
                self.open[-1] += 1
            return start
        self.open.append(0)
        named = re.match(r"\(\?<([A-Za-z]\w*)>", rest)
        if named:
            self.at += named.end()
            return f"(?P<{named[1]}>"
        for start in ("(?<=", "(?<!", "(?:", "(?=", "(?!", "(?>"):
            if rest.startswith(start):
                self.at += len(start)
                return start
        self.at += 1
        return "("

    def escape(self, *, in_class: bool) -> str:
        """One escape; inside a class it is a member of it."""
        text, at = self.text, self.at
        c = text[at + 1 : at + 2]
        self.at = at + 2
        if c == "":
            raise re.error("bad escape (end of pattern)")
        if c == "Q":
            end = text.find("\\E", at)
            quoted = text[at + 2 : end if end >= 0 else len(text)]
            self.at = end + 2 if end >= 0 else len(text)
            return re.escape(quoted)
        if c == "E":
            return ""
        if c in "pP":
            return self.property(c == "P", in_class)
        if c in "hHvV":
            members = _HORIZONTAL if c in "hH" else _VERTICAL
            if in_class and c.isupper():
                raise re.error(f"\\{c} inside a class is not supported")
            return members if in_class else f"[{'^' if c.isupper() else ''}{members}]"
        if c == "R" and not in_class:
            return r"(?:\r\n|[\n\x0b\f\r\x85" + "\u2028\u2029])"
        if c == "Z" and not in_class:
            return _LINE_END
        if c == "z" and not in_class:
            return r"\Z"
        if c == "k" and not in_class:
            named = re.match(r"<(\w+)>", text[self.at :])
            if not named:
                raise re.error("bad reference to a named group")
            self.at += named.end()
            return f"(?P={named[1]})"
        if c == "x" and text[self.at : self.at + 1] == "{":
            end = text.index("}", self.at)
            code = int(text[self.at + 1 : end], 16)
            self.at = end + 1
            return re.escape(chr(code))
        if c == "e":
            return r"\x1b"
        if c in "dDwWsSbBAtnrfaxu0123456789":
            return "\\" + c
        if c.isalpha():
            raise re.error(f"bad escape \\{c}")
        return re.escape(c) if c != "-" else r"\-"

    def property(self, negated: bool, in_class: bool) -> str:
        if self.text[self.at : self.at + 1] == "{":
            end = self.text.find("}", self.at)
            name = self.text[self.at + 1 : end]
            self.at = end + 1
        else:
            name = self.text[self.at : self.at + 1]
            self.at += 1
        for prefix in ("gc=", "general_category=", "Is"):
            name = name.removeprefix(prefix)
        members = {"Alphabetic": _CLASSES["L"], "Uppercase": _CLASSES["Lu"], "Lowercase": _CLASSES["Ll"]}.get(
            name, _CLASSES.get(name)
        )
        if members is None or (in_class and negated):
            raise re.error(f"the character property {name!r} is not supported here")
        return members if in_class else f"[{'^' if negated else ''}{members}]"

    def klass(self) -> str:
        """A class: ``[a-z[0-9]]`` is the union, ``[a-z&&[^m]]`` what is in both."""
        negated, members, others = self.members()
        sign = "^" if negated else ""
        if not others:
            return f"[{sign}{members}]"
        both = "".join(f"(?={other})" for other in others)
        if negated:
            return f"(?!{both}[{members}])[\\s\\S]"
        return f"(?:{both}[{members}])"

    def members(self) -> tuple[bool, str, list[str]]:
        self.at += 1
        negated = self.text[self.at : self.at + 1] == "^"
        self.at += negated
        out: list[str] = []
        others: list[str] = []
        first = True
        while True:
            c = self.text[self.at : self.at + 1]
            if c == "":
                raise re.error("unterminated character set")
            if c == "]" and not first:
                self.at += 1
                break
            first = False
            if c == "[":
                inner_negated, inner, inner_others = self.members()
                if inner_negated or inner_others:
                    raise re.error("this nested class is not supported")
                out.append(inner)
            elif self.text.startswith("&&", self.at):
                self.at += 2
                if self.text[self.at : self.at + 1] == "[":
                    others.append(self.klass())
                else:
                    rest: list[str] = []
                    while self.text[self.at : self.at + 1] not in ("", "]") and not self.text.startswith("&&", self.at):
                        rest.append(self.member())
                    others.append(f"[{''.join(rest)}]")
            else:
                out.append(self.member())
        if not out:
            if not others:
                raise re.error("empty class")
            return negated, "\\s\\S", others
        return negated, "".join(out), others

    def member(self) -> str:
        c = self.text[self.at]
        if c == "\\":
            return self.escape(in_class=True)
        self.at += 1
        return "\\" + c if c in "[&~|^" else c


@lru_cache(maxsize=4096)
def first_match(regex: str, source: str) -> str:
    """The first part of ``source`` that matches, or an empty string."""
    found = translate(regex)
    if isinstance(found, list):
        return backtracking.search(found, source)
    match = found.search(source)
    return match[0] if match else ""
