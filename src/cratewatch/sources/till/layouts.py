"""Which column of a file of sales says what: layouts that are recognised, and those of settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cratewatch.errors import CratewatchError
from cratewatch.sources.moments import DateOrder
from cratewatch.sources.till.settings import Column, Till


@dataclass(frozen=True)
class Layout:
    """How a kind of file names its columns.

    Attributes:
        columns: The names of each column, any of which may be there.
        needed: Columns without which it is another layout.
        carried: Columns that only the first line of a receipt says, and that hold for all of it.
        date_order: Of dates such as 3/4/2024.
    """

    name: str
    columns: Mapping[Column, Sequence[str]]
    needed: tuple[Column, ...]
    carried: tuple[Column, ...] = ()
    date_order: DateOrder = ""

    def header(self, row: Sequence[str]) -> Header | None:
        """Return where each column stands if a row is a header of this layout."""
        places: dict[str, int] = {}
        for place, name in enumerate(row):
            places.setdefault(_bare(name), place)
        found: dict[Column, int] = {}
        for column, names in self.columns.items():
            if there := [places[bare] for bare in map(_bare, names) if bare in places]:
                found[column] = there[0]
        complete = all(column in found for column in self.needed)
        return Header(self, found) if complete and _has_price(found) else None


@dataclass(frozen=True)
class Header:
    """The place of each column in the rows below a header."""

    layout: Layout
    places: Mapping[Column, int]

    def values(self, row: Sequence[str]) -> dict[Column, str]:
        """Return what a row says, column by column, without what is empty."""
        said = {c: row[place].strip() for c, place in self.places.items() if place < len(row)}
        return {column: value for column, value in said.items() if value}


def _bare(name: str) -> str:
    """Return a column's name without what is written in one way here and in another there."""
    return re.sub(r"[\W_]+", "", name).casefold()


def _has_price(found: Mapping[Column, int]) -> bool:
    return "price" in found or "amount" in found


SQUARE = Layout(
    "square",
    {
        "receipt": ("Transaction ID",),
        "date": ("Date",),
        "time": ("Time",),
        "timezone": ("Time Zone",),
        "title": ("Item",),
        "quantity": ("Qty",),
        "amount": ("Net Sales",),
        "sku": ("SKU",),
        "barcode": ("GTIN",),
        "kind": ("Event Type",),
    },
    needed=("receipt", "date", "time", "title", "quantity", "amount"),
    date_order="mdy",
)
SHOPIFY = Layout(
    "shopify",
    {
        "receipt": ("Name",),
        "date": ("Created at",),
        "title": ("Lineitem name",),
        "quantity": ("Lineitem quantity",),
        "price": ("Lineitem price",),
        "discount": ("Lineitem discount",),
        "sku": ("Lineitem sku",),
        "currency": ("Currency",),
        "status": ("Financial Status",),
        "cancelled": ("Cancelled at",),
    },
    needed=("receipt", "date", "title", "quantity", "price"),
    carried=("date", "currency", "status", "cancelled"),
)
DISCOGS = Layout(
    "discogs",
    {
        "receipt": ("order_num", "order_id", "order", "order number"),
        "date": ("order_date", "date", "created"),
        "title": ("title", "item", "item_title", "description"),
        "artist": ("artist",),
        "label": ("label",),
        "catno": ("catalog_number", "catno", "catalog#"),
        "release_id": ("release_id",),
        "quantity": ("quantity",),
        "price": ("item_price", "price"),
        "currency": ("currency", "item_currency"),
        "media_condition": ("media_condition", "item_media_condition"),
        "sleeve_condition": ("sleeve_condition", "item_sleeve_condition"),
        "status": ("status", "order_status"),
    },
    needed=("receipt", "date", "release_id", "media_condition", "price"),
)
PLAIN = Layout(
    "plain",
    {
        **{column: (column,) for column in (
            "receipt", "time", "title", "artist", "label", "catno", "barcode", "sku", "release_id",
            "quantity", "price", "amount", "discount", "currency", "media_condition",
            "sleeve_condition", "kind", "status", "cancelled", "timezone",
        )},
        "date": ("date", "sold_at"),
    },
    needed=("date",),
)  # fmt: skip
KNOWN = (SQUARE, SHOPIFY, DISCOGS, PLAIN)


def layouts_of(till: Till) -> Sequence[Layout]:
    """Return the layouts that a till's file may have: its own alone, if its settings name one.

    Raises:
        CratewatchError: if its columns do not tell what was sold, when and for how much.
    """
    if not till.columns:
        return KNOWN
    own = till.columns
    if "date" not in own or not {"price", "amount"} & own.keys():
        raise CratewatchError(
            "settings: the columns of a till must name `date`, and `price` or `amount`; add them"
        )
    columns: dict[Column, Sequence[str]] = {column: (name,) for column, name in own.items()}
    return (Layout("own", columns, needed=tuple(own)),)
