"""What is wrong, or remarkable, in ``pinery.toml``: each finding says where, what, and what to do."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

#: Tables whose entries have names of the user's own: shown as [deployments.es], all else by its section.
_NAMED = frozenset({"accounts", "deployments", "feeds", "notify", "symbols", "stages"})

#: By which setting the entries of a section are told apart, and what it may be.
_TOLD_APART = {
    "accounts": ("broker", '"paper", "binance", "tradovate" or "ccxt"'),
    "feeds": ("kind", '"replay", "tail", "binance" or "tradovate"'),
    "notify": ("type", '"console", "smtp" or "http"'),
}


_LONGEST = 480  # characters of a finding, whatever stands in the file


@dataclass(frozen=True, slots=True)
class Finding:
    """``path`` are the keys that lead to the setting; ``file`` where they are."""

    path: Path
    message: str
    is_error: bool = True
    file: str = "pinery.toml"
    line: int | None = None

    def __str__(self) -> str:
        line = f" line {self.line}" if self.line is not None else ""
        place = place_of(self.path)
        text = f"{self.file}{line}: {place}: {self.message}" if place else f"{self.file}{line}: {self.message}"
        shown = "".join(one if one.isprintable() else "�" for one in text[:_LONGEST])
        return shown if len(text) <= _LONGEST else f"{shown}…"


def place_of(path: Path) -> str:
    """``[deployments.es] bracket.stop``."""
    names = [str(part) for part in path]
    if not names:
        return ""
    depth = 2 if names[0] in _NAMED and len(names) > 1 else 1
    if depth == 1 and len(names) == 1:
        return names[0]
    table = ".".join(
        part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"' for part in names[:depth]
    )
    return f"[{table}] {'.'.join(names[depth:])}".rstrip()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'target'?``, or the known words where none is near."""
    choices = sorted(known)
    lowered = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(word.casefold(), list(lowered), 1)
    if near:
        return f"did you mean {lowered[near[0]]!r}?"
    return f"known are {', '.join(choices)}" if choices else "there is none yet"


def from_validation(error: ValidationError, model: type[BaseModel]) -> list[Finding]:
    """A finding for each error, in words of the file. The values themselves are named only where they are short."""
    return [Finding(_path(one["loc"], one["type"]), _words(one, model)) for one in error.errors(include_url=False)]


def _path(loc: Path, kind: str) -> Path:
    """Without the value of a channel's ``type`` and its like, which pydantic puts into the path."""
    if loc[0] in _TOLD_APART and len(loc) > 2:
        loc = (*loc[:2], *loc[3:])
    elif kind.startswith("union_tag"):
        return (*loc, _TOLD_APART[str(loc[0])][0])
    if loc[:1] == ("accounts",) and loc[2:3] == ("feed",):
        return (*loc[:3], *loc[4:])
    return loc


def _words(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, given, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "extra_forbidden":
        path = error["loc"]
        return f"there is no such setting; {did_you_mean(str(path[-1]), keys_at(model, path[:-1]))}"
    if kind == "union_tag_not_found":
        name, values = _TOLD_APART[str(error["loc"][0])]
        return f"is missing; write {name} = {values}"
    if kind == "union_tag_invalid":
        choices = [word.strip("' ") for word in context["expected_tags"].split(",")]
        return f"{_shown(context['tag'])} is not known; {did_you_mean(str(context['tag']), choices)}"
    if kind == "missing":
        return "is missing and has no default"
    if kind in ("literal_error", "enum"):
        choices = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        return f"{_shown(given)} is not known; {did_you_mean(str(given), choices)}"
    if kind == "value_error":
        return str(context["error"])
    expected = _EXPECTED.get(kind)
    if expected is not None:
        return f"{_shown(given)} is not {expected}"
    return f"{_shown(given)} cannot be used: {error['msg'][0].lower()}{error['msg'][1:]}"


_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": 'text in quotes ("…")',
    "list_type": "a list: [ … ]",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The settings that the table at ``path`` may have."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = _plain(field.annotation) if field is not None else _extra(here)
        elif typing.get_origin(here) is dict:
            here = _plain(typing.get_args(here)[1])
        elif isinstance(here, tuple):  # the models of a union
            here = next((one for one in map(_plain, here) if _is_told_by(one, part)), None)
        elif typing.get_origin(here) is list:
            here = _plain(typing.get_args(here)[0])
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _is_told_by(model: Any, part: str | int) -> bool:
    """Whether the entry of a union that pydantic calls ``part`` is ``model``."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    told = next((model.model_fields[name] for name, _ in _TOLD_APART.values() if name in model.model_fields), None)
    return part == "table" or (told is not None and part in typing.get_args(told.annotation))


def _extra(model: type[BaseModel]) -> Any:
    annotation = typing.get_type_hints(model).get("__pydantic_extra__")
    return _plain(typing.get_args(annotation)[1]) if annotation is not None else None


def _plain(annotation: Any) -> Any:
    """``Model`` of ``Model | None``; all models of a union of several."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = tuple(part for part in typing.get_args(annotation) if part is not type(None))
        return parts if len(parts) > 1 else parts[0]
    return annotation
