"""Prices as shops write them: numbers for machines, European and English text, symbols."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from price_parser import Price

MOST = Decimal("1e9")  # beyond it a number is a barcode or a mistake
_MACHINE = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_GROUP = re.compile(r"(?<![\d.,])\d{1,3}([.,])\d{3}(?![\d.,])")
_NEGATIVE = re.compile("[-\N{MINUS SIGN}]\\d")
_ISO = re.compile(r"[A-Z]{3}")
# ISO 4217's minor units, where they are not two.
_THREE_DECIMALS = {
    "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND",
}  # fmt: skip
_NO_DECIMALS = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
    "VND", "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip
# By CLDR: where people write a point before decimals, and where a comma.
_POINT_REGIONS = frozenset({"de-ch", "de-li", "it-ch", "es-mx", "es-us", "es-pr", "es-gt"})
_POINT_LANGUAGES = {
    "en", "ja", "zh", "ko", "he", "th", "hi", "ga", "cy", "mt", "ms", "ta", "bn",
}  # fmt: skip
_COMMA_LANGUAGES = {
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu",
    "id", "is", "it", "lt", "lv", "mk", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru",
    "sk", "sl", "sq", "sr", "sv", "tr", "uk", "vi",
}  # fmt: skip
_ISO_BY_SYMBOL = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "NT$": "TWD",
    "S$": "SGD",
    "MX$": "MXN",
    "R$": "BRL",
    "¥": "JPY",
    "JP¥": "JPY",
    "円": "JPY",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "Fr.": "CHF",
    "TL": "TRY",
    "₺": "TRY",
    "₽": "RUB",
    "руб.": "RUB",  # noqa: RUF001  these are Cyrillic
    "₴": "UAH",
    "₹": "INR",
    "₩": "KRW",
    "฿": "THB",
    "₪": "ILS",
    "₱": "PHP",
    "₫": "VND",
}
# Marketplaces write AU $24.99; price_parser would see a bare dollar.
_APART = re.compile(r"\b(AU|A|CA|C|NZ|HK|NT|US|MX|R|S)\s+(?=\$)")
_ELSEWHERE = str.maketrans(
    {
        "\N{ARABIC DECIMAL SEPARATOR}": ".",
        "\N{ARABIC THOUSANDS SEPARATOR}": "",
        "\N{FULLWIDTH COMMA}": ",",
        "\N{FULLWIDTH FULL STOP}": ".",
        "\N{FULLWIDTH YEN SIGN}": "¥",
        "\N{FULLWIDTH DOLLAR SIGN}": "$",
        "\N{FULLWIDTH POUND SIGN}": "£",
    }
)


def read_price(
    value: object, currency: object = None, *, language: str = "", written: bool = False
) -> tuple[Decimal | None, str | None]:
    """Return amount and ISO 4217 code; None for what cannot be told.

    The amount has the currency's decimals, cents at least. A declared currency counts before a
    symbol beside the number.

    Args:
        value: A bare number is read as machines write it: a point before decimals.
        language: Of the page, such as ``de-ch``: how people there write what is ambiguous.
        written: Whether people wrote even a bare number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, None
    text = in_latin(str(value)).strip()
    if len(text) > 100:
        return None, None
    price = Price.fromstring(text)
    code = _iso(currency) or _iso(price.currency)
    bare = not isinstance(value, str) or (not written and _MACHINE.fullmatch(text) is not None)
    amount = _machine_amount(text, code) if bare else _written_amount(text, code, language)
    if amount is None or not amount.is_finite() or not 0 <= amount < MOST:
        return None, None
    unit = Decimal("0.001") if code in _THREE_DECIMALS else Decimal("0.01")
    return amount.quantize(unit, ROUND_HALF_UP), code


def in_latin(text: str) -> str:
    """Return text with the digits and signs of other scripts, and currencies, as Latin has them."""
    digits = (c if c.isascii() or not c.isdecimal() else str(unicodedata.decimal(c)) for c in text)
    return _APART.sub(r"\1", "".join(digits).translate(_ELSEWHERE))


def _machine_amount(text: str, code: str | None) -> Decimal:
    if code in _NO_DECIMALS and _THOUSANDS.fullmatch(text):  # 2.800 yen: there are no sen
        return Decimal(text.replace(".", ""))
    return Decimal(text)


def _written_amount(text: str, code: str | None, language: str) -> Decimal | None:
    """Read what people wrote; one separator before three digits means what it means to them."""
    if code in _NO_DECIMALS:
        text = re.sub(r"(?<=\d)[.,](?=\d{3}(?!\d))", "", text)
    group = _GROUP.search(text)
    usual = _decimal_separator(language) if group else None
    if group and usual is None and code in _THREE_DECIMALS:
        usual = group[1]
    separator = usual if group and usual == group[1] else None
    amount = Price.fromstring(text, decimal_separator=separator).amount
    return -amount if amount is not None and _NEGATIVE.match(text) else amount


def _decimal_separator(language: str) -> str | None:
    tag = language.lower().replace("_", "-")
    main = tag.partition("-")[0]
    if tag in _POINT_REGIONS or main in _POINT_LANGUAGES:
        return "."
    return "," if main in _COMMA_LANGUAGES else None


def _iso(currency: object) -> str | None:
    if not isinstance(currency, str):
        return None
    code = currency.strip().upper()
    return code if _ISO.fullmatch(code) else _ISO_BY_SYMBOL.get(currency.strip())
