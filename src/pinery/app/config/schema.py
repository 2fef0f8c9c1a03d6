"""The JSON schema of ``pinery.toml``, for editors."""

from __future__ import annotations

from typing import Any

from pinery.app.config.models import Root

SCHEMA_ID = "urn:pinery:pinery.toml:1"
SCHEMA_NAME = "pinery.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file as TOML libraries read it."""
    made = Root.model_json_schema()
    made["properties"]["symbols"] = {"anyOf": [{"type": "string"}, made["properties"]["symbols"]]}
    for model in made["$defs"].values():
        for about in model.get("properties", {}).values():
            if isinstance(about.get("default"), str) and "number" in about.get("type", ()):
                about["default"] = _number(about["default"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **made, "title": "pinery.toml"}


def _number(text: str) -> int | float | str:
    """Decimals come as text; what has a unit stays."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
