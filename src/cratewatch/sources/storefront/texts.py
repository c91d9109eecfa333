"""Words of pages: on one line, compared as people mean them, and told from placeholders."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

MOST_DEPTH = 4  # of lists and nodes around a text
_PLACEHOLDER = re.compile(
    r"[\W_0]*|x+|(?:n[./\s]*a\.?|k\.?\s?a\.?|none|null|nil|nan|undefined|unknown|unbekannt|unspecified|"
    r"not\s?(?:available|applicable|set|specified)|does not apply|no\s?(?:sku|ean|gtin|barcode)|"
    r"keine?|ohne|ninguno|aucune?|nessuno|geen|tb[acd]|todo|sku|default|test|dummy|placeholder|"
    r"\[object object\]|true|false)",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{.*\}\}|\{%.*%\}|\$\{.*\}|<%.*%>|\[[a-z_ ]+\]|%\w+%", re.IGNORECASE)


def clean_text(value: Any, depth: int = MOST_DEPTH) -> str | None:
    """Return the text or name of a property value on one line; None if it has none."""
    if depth == 0:
        return None
    if isinstance(value, list):
        return next((text for item in value if (text := clean_text(item, depth - 1))), None)
    if isinstance(value, dict):
        return clean_text(value.get("name") or value.get("@value"), depth - 1)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return " ".join(unescape(str(value)).split()) or None


def names_in(value: Any) -> list[str]:
    """Return the texts or names of a property, which may be one or several."""
    values = value if isinstance(value, list) else [value]
    return [name for item in values if (name := clean_text(item))]


def real(text: str | None) -> str | None:
    """Return an id or number as it is; None for what only fills its place: N/A, 0, -, {{sku}}."""
    if text is None or _PLACEHOLDER.fullmatch(text) or _TEMPLATE.fullmatch(text):
        return None
    return text


def squeeze(text: str) -> str:
    """Return the lower-case letters and digits alone, to compare names that people typed."""
    return re.sub(r"[\W_]", "", text.lower())


def share_words(one: str, other: str) -> bool:
    """Whether two headlines have a word in common, of three letters or more if they have any."""
    words, others = (_words_of(text) for text in (one, other))
    return bool(words & others)


def one_names_other(one: str, other: str) -> bool:
    """Whether all words of the one headline are in the other."""
    words, others = (_words_of(text) for text in (one, other))
    return bool(words and others) and (words <= others or others <= words)


def _words_of(text: str) -> set[str]:
    words = set(re.findall(r"\w+", text.casefold()))
    return {word for word in words if len(word) > 2} or words
