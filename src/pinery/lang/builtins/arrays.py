"""``array.*``."""

from __future__ import annotations

from pinery.lang.builtins.schema import ALL, V5, FunctionRow, VariableRow, fn, pure, special


def _numeric(name: str, extra: str, returns: str, doc: str, *, versions: tuple[int, ...] = ALL) -> FunctionRow:
    """A function over an int or a float array; ``N`` in ``returns`` is the element's type."""
    function = name.partition(".")[2]
    signatures = [f"(id: array<{kind}>{extra}) -> series {returns.replace('N', kind)}" for kind in ("int", "float")]
    return fn(name, signatures, pure(f"array_numbers:{function}"), doc, versions=versions)


def _new(kind: str, doc: str, versions: tuple[int, ...] = ALL) -> FunctionRow:
    return fn(
        f"array.new_{kind}",
        f"(size: int = 0, initial_value: {kind} = na) -> series array<{kind}>",
        special("array.new"),
        doc,
        versions=versions,
    )


_ORDER = "order: string = order.ascending"

# Elements of a user-defined type are ordered by one of their fields.
_SORTED = "(id: array<T>, {order}, sort_field: string = ?)"

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "array.new",
        "(size: int = 0, initial_value: T = na) -> series array<T>",
        special("array.new"),
        "A new array with `size` elements, each `initial_value`.",
        versions=V5,
        type_params=1,
    ),
    _new("int", "A new int array."),
    _new("float", "A new float array."),
    _new("bool", "A new bool array."),
    _new("string", "A new string array."),
    _new("color", "A new color array."),
    _new("line", "A new array of lines."),
    _new("label", "A new array of labels."),
    _new("box", "A new array of boxes."),
    _new("table", "A new array of tables."),
    _new("linefill", "A new array of linefills.", V5),
    fn(
        "array.from",
        ["(*arg: N) -> series array<N>", "(*arg: T) -> series array<T>"],
        pure("arrays:from_values"),
        "A new array of the arguments.",
    ),
    _numeric("array.abs", "", "array<N>", "A new array of the elements' absolute values."),
    _numeric("array.avg", "", "N", "The mean of the elements; na when there are none."),
    fn(
        "array.binary_search",
        "(id: array<T>, val: float, sort_field: string = ?) -> series int",
        pure("arrays:binary_search"),
        "The index of an element equal to `val` in an ascending array, or -1.",
    ),
    fn(
        "array.binary_search_leftmost",
        "(id: array<T>, val: float, sort_field: string = ?) -> series int",
        pure("arrays:binary_search_leftmost"),
        "The index of the first element equal to `val` in an ascending array, or of the last one below it.",
    ),
    fn(
        "array.binary_search_rightmost",
        "(id: array<T>, val: float, sort_field: string = ?) -> series int",
        pure("arrays:binary_search_rightmost"),
        "The index of the last element equal to `val` in an ascending array, or of the first one above it.",
    ),
    fn("array.clear", "(id: array<T>) -> void", pure("arrays:clear"), "Removes all elements."),
    fn(
        "array.concat",
        "(id1: array<T>, id2: array<T>) -> series array<T>",
        pure("arrays:concat"),
        "Appends the elements of `id2` to `id1`, and returns `id1`.",
    ),
    fn("array.copy", "(id: array<T>) -> series array<T>", pure("arrays:copy"), "A new array with the same elements."),
    fn(
        "array.covariance",
        [
            f"(id1: array<{a}>, id2: array<{b}>, biased: bool = true) -> series float"
            for a in ("int", "float")
            for b in ("int", "float")
        ],
        pure("array_numbers:covariance"),
        "The covariance of two arrays: of the population, or of a sample when `biased` is false.",
    ),
    fn(
        "array.every",
        [f"(id: array<{kind}>) -> series bool" for kind in ("bool", "int", "float")],
        pure("arrays:every"),
        "Whether all elements are true (not zero).",
        versions=V5,
    ),
    fn(
        "array.fill",
        "(id: array<T>, value: T, index_from: int = 0, index_to: int = na) -> void",
        pure("arrays:fill"),
        "Sets the elements from `index_from` up to, but not including, `index_to`.",
    ),
    fn("array.first", "(id: array<T>) -> series T", pure("arrays:first"), "The first element.", versions=V5),
    fn("array.get", "(id: array<T>, index: int) -> series T", pure("arrays:get"), "The element at `index`."),
    fn(
        "array.includes",
        "(id: array<T>, value: T) -> series bool",
        pure("arrays:includes"),
        "Whether `value` is among the elements.",
    ),
    fn(
        "array.indexof",
        "(id: array<T>, value: T) -> series int",
        pure("arrays:indexof"),
        "The index of the first element equal to `value`, or -1.",
    ),
    fn(
        "array.insert",
        "(id: array<T>, index: int, value: T) -> void",
        pure("arrays:insert"),
        "Inserts `value` before the element at `index`.",
    ),
    fn(
        "array.join",
        '(id: array<T>, separator: string = ",") -> series string',
        pure("strings:join"),
        "The elements as one text with `separator` in between.",
    ),
    fn("array.last", "(id: array<T>) -> series T", pure("arrays:last"), "The last element.", versions=V5),
    fn(
        "array.lastindexof",
        "(id: array<T>, value: T) -> series int",
        pure("arrays:lastindexof"),
        "The index of the last element equal to `value`, or -1.",
    ),
    _numeric("array.max", ", nth: int = 0", "N", "The greatest element, or the `nth` greatest counted from 0."),
    _numeric("array.median", "", "N", "The median of the elements."),
    _numeric("array.min", ", nth: int = 0", "N", "The smallest element, or the `nth` smallest counted from 0."),
    _numeric("array.mode", "", "N", "The most frequent element; the smallest one of several."),
    _numeric(
        "array.percentile_linear_interpolation",
        ", percentage: float",
        "N",
        "The value at a percentile, interpolated between the two nearest ranks.",
        versions=V5,
    ),
    _numeric(
        "array.percentile_nearest_rank",
        ", percentage: float",
        "N",
        "The value at a percentile by the nearest-rank method.",
        versions=V5,
    ),
    _numeric(
        "array.percentrank",
        ", index: int",
        "N",
        "The percentage of elements that are less than or equal to the one at `index`.",
        versions=V5,
    ),
    fn("array.pop", "(id: array<T>) -> series T", pure("arrays:pop"), "Removes and returns the last element."),
    fn("array.push", "(id: array<T>, value: T) -> void", pure("arrays:push"), "Appends an element."),
    _numeric("array.range", "", "N", "The difference between the greatest and the smallest element."),
    fn(
        "array.remove",
        "(id: array<T>, index: int) -> series T",
        pure("arrays:remove"),
        "Removes and returns the element at `index`.",
    ),
    fn("array.reverse", "(id: array<T>) -> void", pure("arrays:reverse"), "Reverses the order of the elements."),
    fn(
        "array.set",
        "(id: array<T>, index: int, value: T) -> void",
        pure("arrays:set"),
        "Replaces the element at `index`.",
    ),
    fn("array.shift", "(id: array<T>) -> series T", pure("arrays:shift"), "Removes and returns the first element."),
    fn("array.size", "(id: array<T>) -> series int", pure("arrays:size"), "The number of elements."),
    fn(
        "array.slice",
        "(id: array<T>, index_from: int, index_to: int) -> series array<T>",
        pure("arrays:window"),
        "A live view of the elements from `index_from` up to, but not including, `index_to`.",
    ),
    fn(
        "array.some",
        [f"(id: array<{kind}>) -> series bool" for kind in ("bool", "int", "float")],
        pure("arrays:some"),
        "Whether at least one element is true (not zero).",
        versions=V5,
    ),
    fn(
        "array.sort",
        _SORTED.format(order=_ORDER) + " -> void",
        pure("arrays:sort"),
        "Sorts the elements in place.",
    ),
    fn(
        "array.sort_indices",
        _SORTED.format(order=_ORDER) + " -> series array<int>",
        pure("arrays:sort_indices"),
        "The indices that put the elements in order.",
        versions=V5,
    ),
    _numeric(
        "array.standardize", "", "array<N>", "A new array of the elements' distances from the mean in deviations."
    ),
    _numeric(
        "array.stdev",
        ", biased: bool = true",
        "N",
        "The standard deviation of the population, or of a sample when `biased` is false.",
    ),
    _numeric("array.sum", "", "N", "The sum of the elements."),
    fn("array.unshift", "(id: array<T>, value: T) -> void", pure("arrays:unshift"), "Inserts an element at the start."),
    _numeric(
        "array.variance",
        ", biased: bool = true",
        "N",
        "The variance of the population, or of a sample when `biased` is false.",
    ),
]
