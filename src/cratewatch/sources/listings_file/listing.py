"""What one object of a file says: a release as it was listed, and its price."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cratewatch.catalog.observations import Observation, ObservationError
from cratewatch.catalog.records import Release
from cratewatch.sources.amounts import DecimalSign, decimal_sign, read_amount
from cratewatch.sources.grades import read_grade
from cratewatch.sources.listings_file.settings import ListingColumn, ListingsFileSource
from cratewatch.sources.lots import is_lot
from cratewatch.sources.moments import DateOrder, date_order, is_ahead, read_moment

# Bright Data's names stand first, then those of other services.
NAMES: Mapping[ListingColumn, Sequence[str]] = {
    "native_id": ("product_id", "item_id", "itemId", "listing_id", "id"),
    "title": ("title", "name", "product_name"),
    "artist": ("artist",),
    "price": ("sold_price", "final_price", "soldPrice", "price.value", "price"),
    "currency": ("currency", "sold_price_currency", "price.currency", "currency_code"),
    "date": ("sold_date", "date_sold", "soldDate", "end_date", "endedAt", "timestamp", "date"),
    "media_condition": ("media_condition", "record_grading", "condition"),
    "sleeve_condition": ("sleeve_condition", "sleeve_grading"),
    "quantity": ("quantity_sold", "quantity"),
    "images": ("image_urls", "images", "image_url", "imageUrl", "image", "main_image"),
    "url": ("url", "item_url", "product_url", "link"),
    "label": ("label", "record_label"),
    "catno": ("catno", "catalog_number"),
    "barcode": ("barcode", "upc", "ean", "gtin"),
    "year": ("year", "release_year"),
    "country": ("country",),
    "format": ("format",),
}
_FACTS = ("artist", "label", "catno", "barcode", "country", "format")


@dataclass(frozen=True)
class Listing:
    """A listing, and what was paid or is asked for it; None if it is the price of several."""

    release: Release
    price: Observation | None


class ListingError(Exception):
    """An object is no listing.

    Attributes:
        reason: Short snake_case word under which it is counted.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class ListingReader:
    """Reads the objects of one file.

    Args:
        sample: Objects of the file, by which it is found out how it writes amounts and dates.
    """

    def __init__(
        self, name: str, source: ListingsFileSource, sample: Iterable[Mapping[str, Any]]
    ) -> None:
        self._name = name
        self._source = source
        texts = [(self._text(o, "price") or "", self._text(o, "date") or "") for o in sample]
        self._decimal: DecimalSign = source.decimal or decimal_sign(price for price, _ in texts)
        self._order: DateOrder = source.date_order or date_order(date[:10] for _, date in texts)

    def id_of(self, said: Mapping[str, Any]) -> str | None:
        """Return a listing's own id, or its address if it has none."""
        return self._text(said, "native_id") or self._text(said, "url")

    def read(self, said: Mapping[str, Any]) -> Listing:
        """Return the listing.

        Raises:
            ListingError: if it is none.
        """
        native_id, title = self.id_of(said), self._text(said, "title")
        if not native_id:
            raise ListingError("no_id", "neither an id nor an address")
        if not title:
            raise ListingError("no_title", native_id)
        year = (self._text(said, "year") or "")[:4]
        release = Release(
            source=self._name,
            native_id=native_id,
            title=title,
            year=int(year) if year.isascii() and year.isdigit() else None,
            page_url=self._text(said, "url"),
            image_url=self._image(said),
            **{name: self._text(said, name) for name in _FACTS},  # type: ignore[arg-type]
        )
        return Listing(release, None if is_lot(title) else self._price(said, release))

    def _price(self, said: Mapping[str, Any], release: Release) -> Observation:
        source = self._source
        text = self._text(said, "price") or ""
        amount, currency = read_amount(
            text, self._text(said, "currency") or source.currency or None, self._decimal
        )
        if amount is None or amount <= 0:
            raise ListingError("bad_price" if text else "no_price", f"{text!r} is no price")
        if currency is None:
            raise ListingError("no_currency", f"{text!r} has no currency; set `currency`")
        media, sleeve = (self._text(said, c) for c in ("media_condition", "sleeve_condition"))
        try:
            return Observation(
                source=self._name,
                native_id=release.native_id,
                kind=source.listed,
                title=release.title,
                price=amount,
                currency=currency,
                observed_at=self._moment(said),
                release_id=release.release_id,
                media_condition=read_grade(media),
                sleeve_condition=read_grade(sleeve),
                condition=" / ".join(filter(None, (media, sleeve))) or None,
                quantity=self._quantity(said),
                url=release.page_url,
            )
        except ObservationError as error:
            raise ListingError("unfit", str(error)) from error

    def _moment(self, said: Mapping[str, Any]) -> datetime:
        text = (self._text(said, "date") or "").removeprefix("Sold").strip()
        moment = read_moment(text, ZoneInfo(self._source.timezone), self._order)
        if moment is None and not text and self._source.listed == "asking":
            return datetime.now(UTC)
        if moment is None:
            raise ListingError("bad_date" if text else "no_date", f"{text!r} is no date")
        if self._source.listed == "sold" and is_ahead(moment):
            raise ListingError("bad_date", f"{text!r} is still to come, so nothing was sold then")
        return moment

    def _quantity(self, said: Mapping[str, Any]) -> int:
        text = self._text(said, "quantity") or "1"
        return int(text) if text.isascii() and text.isdigit() and int(text) else 1

    def _image(self, said: Mapping[str, Any]) -> str | None:
        """Return the first image: sellers show the front first."""
        value = self._value(said, "images")
        if isinstance(value, str) and value.startswith("["):  # a list, in a value of CSV
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                value = value.strip("[]").split(",")[0].strip(" '\"")
        if isinstance(value, list):
            value = next(iter(value), None)
        if isinstance(value, dict):
            value = value.get("url") or value.get("src") or value.get("imageUrl")
        if not isinstance(value, str):
            return None
        return value.split("|")[0].split()[0] if value.strip() else None

    def _text(self, said: Mapping[str, Any], column: ListingColumn) -> str | None:
        value = self._value(said, column)
        text = "" if isinstance(value, dict | list | bool) or value is None else str(value)
        return text.strip() or None

    def _value(self, said: Mapping[str, Any], column: ListingColumn) -> Any:
        """Return what an object says of a column, under the first name that is there."""
        own = self._source.columns.get(column)
        for name in (own,) if own else NAMES[column]:
            value: Any = said
            for part in (name,) if name in said else name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value not in (None, "", [], {}):
                return value
        return None
