"""``map.*``."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, FunctionRow, VariableRow, fn, pure, special

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "map.new",
        "() -> series map<K, V>",
        special("map.new"),
        "A new map; it keeps its pairs in the order in which their keys came.",
        versions=V5,
        type_params=2,
    ),
    fn("map.clear", "(id: map<K, V>) -> void", pure("maps:clear"), "Removes all pairs.", versions=V5),
    fn(
        "map.contains",
        "(id: map<K, V>, key: K) -> series bool",
        pure("maps:contains"),
        "Whether the key is there.",
        versions=V5,
    ),
    fn(
        "map.copy",
        "(id: map<K, V>) -> series map<K, V>",
        pure("maps:copy"),
        "A new map with the same pairs.",
        versions=V5,
    ),
    fn(
        "map.get",
        "(id: map<K, V>, key: K) -> series V",
        pure("maps:get"),
        "The value of a key; na when the key is not there.",
        versions=V5,
    ),
    fn(
        "map.keys",
        "(id: map<K, V>) -> series array<K>",
        pure("maps:keys"),
        "A new array of the keys, in order of insertion.",
        versions=V5,
    ),
    fn(
        "map.put",
        "(id: map<K, V>, key: K, value: V) -> series V",
        pure("maps:put"),
        "Sets the value of a key, and returns its former value (na when the key is new).",
        versions=V5,
    ),
    fn(
        "map.put_all",
        "(id: map<K, V>, id2: map<K, V>) -> void",
        pure("maps:put_all"),
        "Puts all pairs of `id2` into `id`.",
        versions=V5,
    ),
    fn(
        "map.remove",
        "(id: map<K, V>, key: K) -> series V",
        pure("maps:remove"),
        "Removes a key, and returns its former value (na when there was none).",
        versions=V5,
    ),
    fn("map.size", "(id: map<K, V>) -> series int", pure("maps:size"), "The number of pairs.", versions=V5),
    fn(
        "map.values",
        "(id: map<K, V>) -> series array<V>",
        pure("maps:values"),
        "A new array of the values, in order of insertion.",
        versions=V5,
    ),
]
