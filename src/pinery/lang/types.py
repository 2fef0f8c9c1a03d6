"""Pine's types and qualifiers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple


class Qualifier(IntEnum):
    """How early a value is known; a weaker one is accepted where a stronger is asked for."""

    CONST = 0
    INPUT = 1
    SIMPLE = 2
    SERIES = 3


class Kind(Enum):
    SCALAR = "scalar"  # int float bool string color
    NA = "na"  # the bare na, before it takes a type
    VOID = "void"
    OBJECT = "object"  # built-in reference types: line label box table linefill polyline chart.point plot hline ...
    ARRAY = "array"
    MATRIX = "matrix"
    MAP = "map"
    UDT = "udt"
    ENUM = "enum"
    TUPLE = "tuple"
    ERROR = "error"  # already reported: fits everything


@dataclass(frozen=True, slots=True)
class Type:
    """``name`` is the Pine name; for UDTs and enums it is unique in the program (library types are prefixed)."""

    name: str
    kind: Kind = Kind.SCALAR
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.TUPLE:
            return "[" + ", ".join(map(str, self.args)) + "]"
        if self.args:
            return f"{self.name}<{', '.join(map(str, self.args))}>"
        return self.name

    @property
    def is_numeric(self) -> bool:
        return self in (INT, FLOAT)

    @property
    def is_reference(self) -> bool:
        return self.kind in (Kind.OBJECT, Kind.ARRAY, Kind.MATRIX, Kind.MAP, Kind.UDT)


INT = Type("int")
FLOAT = Type("float")
BOOL = Type("bool")
STRING = Type("string")
COLOR = Type("color")
NA = Type("na", Kind.NA)
VOID = Type("void", Kind.VOID)
ERROR = Type("error", Kind.ERROR)

OBJECT_TYPES = (
    "line",
    "label",
    "box",
    "table",
    "linefill",
    "polyline",
    "chart.point",
    "plot",
    "hline",
    "footprint",
    "volume_row",
)
OBJECTS = {name: Type(name, Kind.OBJECT) for name in OBJECT_TYPES}


def array_of(item: Type) -> Type:
    return Type("array", Kind.ARRAY, (item,))


def matrix_of(item: Type) -> Type:
    return Type("matrix", Kind.MATRIX, (item,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", Kind.MAP, (key, value))


def tuple_of(*items: Type) -> Type:
    return Type("tuple", Kind.TUPLE, items)


class QType(NamedTuple):
    """A type with its qualifier: ``series float``."""

    type: Type
    qualifier: Qualifier

    def __str__(self) -> str:
        return f"{self.qualifier.name.lower()} {self.type}"
