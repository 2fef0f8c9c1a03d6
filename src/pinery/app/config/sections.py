"""What the models of ``pinery.toml`` share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(f'"{text}" must begin with http:// or https://')
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
