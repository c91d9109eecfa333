"""The fields of a collection, a row of it, and filters on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cratewatch.catalog.facts import Facts, Wanted
from cratewatch.gallery.milvus import DataType, MilvusClient

ID_LENGTH = 64
MAX_ITEMS = 64
MAX_ITEM_BYTES = 128
EARLIEST_YEAR, LATEST_YEAR = 1850, 2150
LISTS: dict[str, Any] = {
    "sources": DataType.VARCHAR,
    "years": DataType.INT64,
    "genres": DataType.VARCHAR,
    "formats": DataType.VARCHAR,
}
FLAGS = ("in_stock", "withdrawn")
FACTS = (*LISTS, *FLAGS)


def make_schema(client: MilvusClient, dim: int) -> Any:
    """Return the schema of a new collection."""
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("cover_id", DataType.VARCHAR, is_primary=True, max_length=ID_LENGTH)
    schema.add_field("artwork_id", DataType.VARCHAR, max_length=ID_LENGTH)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    for name, kind in LISTS.items():
        length = {"max_length": MAX_ITEM_BYTES} if kind == DataType.VARCHAR else {}
        schema.add_field(name, DataType.ARRAY, element_type=kind, max_capacity=MAX_ITEMS, **length)
    for name in FLAGS:
        schema.add_field(name, DataType.BOOL)
    return schema


def facts_as_fields(facts: Facts) -> dict[str, Any]:
    """Return the fields of a row, cut to what they hold."""
    lists = {name: _fitting(getattr(facts, name)) for name in LISTS}
    return lists | {name: getattr(facts, name) for name in FLAGS}


def facts_of_fields(row: dict[str, Any]) -> Facts:
    """Return the facts that a row's fields hold."""
    values: dict[str, Any] = {name: tuple(row[name]) for name in LISTS}
    return Facts(**values | {name: bool(row[name]) for name in FLAGS})


def as_stored(facts: Facts) -> Facts:
    """Return facts as a row would give them back."""
    return facts_of_fields(facts_as_fields(facts))


def _fitting(values: tuple[Any, ...]) -> list[Any]:
    if not values:
        return []
    cut = [_cut(value) if isinstance(value, str) else value for value in values]
    return sorted(set(cut))[:MAX_ITEMS]


def _cut(text: str) -> str:
    return text.encode(errors="replace")[:MAX_ITEM_BYTES].decode(errors="ignore")


def filter_of(wanted: Wanted) -> str:
    """Return Milvus' expression for what can be an answer: the artwork's facts, all at once.

    An artwork may pass whose facts come from different releases; those are told apart later.
    """
    terms = [term(wanted) for term in _TERMS]
    return " and ".join(filter(None, terms))


def _years(wanted: Wanted) -> str:
    if wanted.years is None:
        return ""
    first, last = max(wanted.years[0], EARLIEST_YEAR), min(wanted.years[1], LATEST_YEAR)
    years = list(range(first, last + 1)) or [wanted.years[0]]  # Milvus takes no empty list
    return f"array_contains_any(years, {years})"


def _contains(name: str, value: str) -> str:
    text = json.dumps(_cut(value), ensure_ascii=False)
    return f"array_contains({name}, {text})" if value else ""


_TERMS: tuple[Callable[[Wanted], str], ...] = (
    lambda wanted: _contains("sources", wanted.source),
    _years,
    lambda wanted: _contains("genres", wanted.genre),
    lambda wanted: _contains("formats", wanted.format),
    lambda wanted: "in_stock == true" if wanted.in_stock else "",
    lambda wanted: "" if wanted.withdrawn else "withdrawn == false",
)
