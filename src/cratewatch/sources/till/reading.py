"""Reads a file of sales, whichever till or platform wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from cratewatch.errors import CratewatchError
from cratewatch.sources.amounts import DecimalSign, decimal_sign, read_amount
from cratewatch.sources.lots import is_lot
from cratewatch.sources.moments import DateOrder, date_order, is_ahead, read_moment
from cratewatch.sources.tables import read_rows
from cratewatch.sources.till.layouts import Header, Layout, layouts_of
from cratewatch.sources.till.sale import Refusal, Sale, line_id
from cratewatch.sources.till.settings import Column, Till

Values = dict[Column, str]
_NOT_SOLD = re.compile(
    r"cancel|void|refund|unpaid|pending|expired|merged|invoice sent|new order|authori[sz]ed",
    re.IGNORECASE,
)
_PARTLY = re.compile("^partial", re.IGNORECASE)
_RETURN = re.compile("refund|return|retoure|retour|storno|gutschrift|reso", re.IGNORECASE)
_CENT = Decimal("0.01")
MOST_QUANTITY = 10_000
KNOWN_BY_NAME = "exports of Square, Shopify and Discogs, and columns called date, title, price"
# Square names zones as Rails does.
_ZONES = {
    "Eastern Time (US & Canada)": "America/New_York",
    "Central Time (US & Canada)": "America/Chicago",
    "Mountain Time (US & Canada)": "America/Denver",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Arizona": "America/Phoenix",
    "Alaska": "America/Anchorage",
    "Hawaii": "Pacific/Honolulu",
    "Atlantic Time (Canada)": "America/Halifax",
    "London": "Europe/London",
    "Dublin": "Europe/Dublin",
    "Paris": "Europe/Paris",
    "Madrid": "Europe/Madrid",
    "Berlin": "Europe/Berlin",
    "Tokyo": "Asia/Tokyo",
    "Sydney": "Australia/Sydney",
    "Melbourne": "Australia/Melbourne",
}


class _RefusedError(Exception):
    """A line is no sale; carries reason and detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class _Ways:
    """How one file writes amounts and dates."""

    decimal: DecimalSign
    date_order: DateOrder
    zone: tzinfo
    currency: str | None


class SalesFile:
    """A file of sales.

    Attributes:
        layout: Of its first header.
        headers: How many there are: a file that was put together from several has more than one.
    """

    def __init__(self, file: Path, till: Till) -> None:
        """Look for the header.

        Raises:
            NotFoundError: if there is no such file.
            CratewatchError: if no row is a header that is known.
        """
        self._file = file
        self._till = till
        self._layouts = layouts_of(till)
        self.headers = 0
        self.layout = self._first_layout()

    def __iter__(self) -> Iterator[Sale | Refusal]:
        """Yield each line as the sale that it is, or why it is none; the file is read twice."""
        ways = self._ways()
        uses: Counter[tuple[object, ...]] = Counter()
        for where, values in self._lines():
            try:
                yield _sale(where, values, ways, uses)
            except _RefusedError as refused:
                yield Refusal(where, refused.reason, refused.detail)

    def _first_layout(self) -> Layout:
        first: list[str] = []
        for _, row in self._rows():
            if header := self._header(row):
                return header.layout
            first = first or row
        wanted = ", ".join(self._till.columns.values()) or "a date and a price"
        seen = ", ".join(first)[:200] or "empty"
        raise CratewatchError(
            f"{self._file}: no row names {wanted}; the first is {seen}; {KNOWN_BY_NAME} are known, "
            "name the columns of another file in [tills.NAME.columns]"
        )

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        till = self._till
        return read_rows(self._file, encoding=till.encoding, separator=till.separator)

    def _header(self, row: list[str]) -> Header | None:
        return next((h for layout in self._layouts if (h := layout.header(row))), None)

    def _lines(self) -> Iterator[tuple[str, Values]]:
        """Yield where each line is and what it says; what stands above the first header is none."""
        header: Header | None = None
        before: Values = {}
        self.headers = 0
        for number, row in self._rows():
            if (header is None or _may_be_header(row, header)) and (found := self._header(row)):
                header, before = found, {}
                self.headers += 1
            elif header:
                values = header.values(row)
                if before.get("receipt") == values.get("receipt"):
                    kept = {c: before[c] for c in header.layout.carried if c in before}
                    values = kept | values
                before = values
                yield f"{self._file}, line {number}", values

    def _ways(self) -> _Ways:
        """Find out how the file writes amounts and dates, where no setting says it."""
        amounts: list[str] = []
        dates: set[str] = set()
        if not (self._till.decimal and self._till.date_order):
            for _, values in self._lines():
                dates.add(values.get("date", "")[:10])
                amounts += [values[c] for c in ("price", "amount") if c in values][:1]
        return _Ways(
            decimal=self._till.decimal or decimal_sign(amounts),
            date_order=self._till.date_order or date_order(dates) or self.layout.date_order,
            zone=ZoneInfo(self._till.timezone),
            currency=self._till.currency or None,
        )


def _may_be_header(row: list[str], header: Header) -> bool:
    """Whether a row has no date where the header before it says that one stands."""
    place = header.places["date"]
    return place >= len(row) or not any(map(str.isdigit, row[place]))


def _sale(where: str, values: Values, ways: _Ways, uses: Counter[tuple[object, ...]]) -> Sale:
    _check_sold(values)
    title = values.get("title") or values.get("sku") or values.get("barcode")
    if not title:
        raise _RefusedError("no_title", "neither title, sku nor barcode says what was sold")
    if is_lot(title):
        raise _RefusedError("lot", f"{title[:80]!r} is several records; its price is of none")
    sold_at = _moment(values, ways)
    quantity, price, currency = _price(values, ways)
    own = ("receipt", "title", "artist", "catno", "barcode", "sku", "release_id", "media_condition")
    parts = (sold_at.isoformat(), quantity, price, currency, *(values.get(c) for c in own))  # type: ignore[call-overload]
    uses[parts] += 1
    facts = ("artist", "label", "catno", "barcode", "sku", "release_id", "media_condition",
             "sleeve_condition")  # fmt: skip
    return Sale(
        native_id=line_id(parts, uses[parts]),
        where=where,
        sold_at=sold_at,
        title=title,
        price=price,
        currency=currency,
        quantity=quantity,
        **{name: values.get(name) for name in facts},  # type: ignore[call-overload]
    )


def _check_sold(values: Mapping[Column, str]) -> None:
    status = values.get("status", "")
    if _NOT_SOLD.search(status) and not _PARTLY.search(status):
        raise _RefusedError("not_sold", f"its status is {status!r}")
    if cancelled := values.get("cancelled"):
        raise _RefusedError("not_sold", f"it was cancelled at {cancelled}")


def _moment(values: Values, ways: _Ways) -> datetime:
    text = " ".join(filter(None, (values.get("date"), values.get("time"))))
    zone = _zone(values.get("timezone")) or ways.zone
    moment = read_moment(text, zone, ways.date_order)
    if moment is None:
        detail = f"{text!r} is no date, or may be two; set date_order to dmy or mdy"
        raise _RefusedError("bad_date" if text else "no_date", detail)
    if is_ahead(moment):
        raise _RefusedError("bad_date", f"{text!r} is still to come; set the till's clock")
    return moment


def _zone(name: str | None) -> tzinfo | None:
    known = _ZONES.get(name or "", name)
    try:
        return ZoneInfo(known) if known else None
    except (ValueError, OSError):  # a zone that is unknown here is that of the till
        return None


def _price(values: Values, ways: _Ways) -> tuple[int, Decimal, str]:
    """Return the quantity, below zero for a return, and price and currency of one piece."""
    text = values.get("price") or values.get("amount", "")
    amount, currency = read_amount(text, values.get("currency") or ways.currency, ways.decimal)
    if amount is None:
        raise _RefusedError("bad_price" if text else "no_price", f"{text!r} is no price")
    quantity = _quantity(values.get("quantity", "1"), ways)
    if amount == 0 or quantity == 0:
        raise _RefusedError("zero_price", f"{text!r} was paid for {quantity}")
    if currency is None:
        told = values.get("currency", "")
        detail = (
            f"{told!r} is no currency"
            if told
            else "no currency is named; set `currency` in [tills.NAME]"
        )
        raise _RefusedError("no_currency", detail)
    is_return = (amount < 0) or (quantity < 0) or bool(_RETURN.search(values.get("kind", "")))
    pieces = abs(quantity)
    price = abs(amount) if values.get("price") else abs(amount) / pieces
    price -= _discount(values, ways) / pieces
    price = price.quantize(_CENT, ROUND_HALF_UP)
    if price <= 0:
        raise _RefusedError("zero_price", f"nothing is left of {text!r} after the discount")
    return (-pieces if is_return else pieces), price, currency


def _quantity(text: str, ways: _Ways) -> int:
    number, _ = read_amount(text, None, ways.decimal)
    if number is None or number != number.to_integral_value() or abs(number) > MOST_QUANTITY:
        raise _RefusedError("bad_quantity", f"{text!r} is no number of pieces")
    return int(number)


def _discount(values: Values, ways: _Ways) -> Decimal:
    """Return what was taken off a line, whichever sign it has."""
    amount, _ = read_amount(values.get("discount", ""), None, ways.decimal)
    return abs(amount or Decimal(0))
