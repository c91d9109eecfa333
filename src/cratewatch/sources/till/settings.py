"""The settings of a till: how its files are written, as far as they do not tell themselves."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cratewatch.sources.amounts import DecimalSign
from cratewatch.sources.moments import DateOrder

Column = Literal[
    "receipt", "date", "time", "title", "artist", "label", "catno", "barcode", "sku", "release_id",
    "quantity", "price", "amount", "discount", "currency", "media_condition", "sleeve_condition",
    "kind", "status", "cancelled", "timezone",
]  # fmt: skip
"""What a column of a file of sales may say."""


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name if name else ""
    except LookupError as error:
        raise ValueError(f"no encoding is called {name!r}; give one such as cp1252") from error


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}; give one such as UTC") from error
    return name


Timezone = Annotated[str, AfterValidator(_known_zone)]


class Till(BaseModel):
    """How the files of one till are written; what is empty is found out from each file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[Column, str] = Field(default={}, description="its own name of each column")
    currency: str = Field(default="", pattern="^([A-Z]{3})?$", description="where no column says")
    decimal: DecimalSign = ""
    date_order: DateOrder = ""
    timezone: Timezone = "UTC"
    encoding: Annotated[str, AfterValidator(_known_encoding)] = ""
    separator: str = Field(default="", max_length=1)
