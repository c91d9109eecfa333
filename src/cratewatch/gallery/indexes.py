"""Kinds of index: which one fits, how it is built, and how hard a search tries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cratewatch.errors import SettingsError

IndexKind = Literal["FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "SCANN", "DISKANN"]
IndexSetting = Literal["auto", "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "SCANN", "DISKANN"]
Parameters = dict[str, int]

# Milvus Lite takes any word for an index, and then searches without one.
LITE_KINDS: tuple[IndexKind, ...] = ("FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8")
FLAT_ROWS = 20_000
"""Up to which a search that compares every row costs a server about a millisecond."""
HNSW_BUILD: Parameters = {"M": 16, "efConstruction": 200}
MAX_EF = 2048
MIN_LISTS, MAX_LISTS = 16, 65_536
SUBVECTOR = 2
"""Dimensions that one byte of a product quantiser stands for."""


@dataclass(frozen=True)
class IndexChoice:
    """A kind of index and what it is built with, in Milvus' terms."""

    kind: IndexKind
    build: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class TunedIndex:
    """What a collection is searched with, as kept in its properties.

    Attributes:
        search: Milvus' search parameters.
        recall_at_10: Against exact search on a sample when it was built; None if unmeasured.
    """

    choice: IndexChoice
    search: Parameters = field(default_factory=dict)
    recall_at_10: float | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TunedIndex:
        """Read what dataclasses.asdict() made of one."""
        return cls(**{**values, "choice": IndexChoice(**values["choice"])})


FLAT = TunedIndex(IndexChoice("FLAT"), {}, 1.0)


def choose_index(wanted: IndexSetting, rows: int, dim: int, *, lite: bool) -> IndexChoice:
    """Return the index for a collection of so many rows.

    Args:
        wanted: A kind, or auto: FLAT for Milvus Lite and up to FLAT_ROWS, HNSW above.

    Raises:
        SettingsError: if Milvus Lite has no such kind.
    """
    if wanted == "auto":
        kind: IndexKind = "FLAT" if lite or rows <= FLAT_ROWS else "HNSW"
        return IndexChoice(kind, _build_parameters(kind, rows, dim))
    if lite and wanted not in LITE_KINDS:
        raise SettingsError(
            f"gallery_index {wanted}: Milvus Lite has {', '.join(LITE_KINDS)}; take one of them, "
            "or set gallery_uri to a Milvus server"
        )
    return IndexChoice(wanted, _build_parameters(wanted, rows, dim))


def index_like(choice: IndexChoice, rows: int, dim: int, *, lite: bool) -> IndexChoice:
    """Return the index for a copy of a collection: the same, or the usual one if Lite lacks it."""
    if lite and choice.kind not in LITE_KINDS:
        return choose_index("auto", rows, dim, lite=lite)
    return choice


def efforts(choice: IndexChoice) -> Iterator[Parameters]:
    """Yield search parameters from the least effort to the greatest."""
    if choice.kind == "FLAT":
        yield {}
    elif choice.kind == "HNSW":
        yield from ({"ef": ef} for ef in _doubled(16, MAX_EF))
    elif choice.kind == "DISKANN":
        yield from ({"search_list": width} for width in _doubled(16, MAX_EF))
    else:
        lists = choice.build["nlist"]
        yield from ({"nprobe": probes} for probes in _doubled(4, lists))


def wide_enough(search: Parameters, k: int) -> Parameters:
    """Return search parameters that can answer with k rows."""
    least = {"ef": k, "search_list": k, "reorder_k": k}
    return {name: max(value, least.get(name, 0)) for name, value in search.items()}


def _doubled(first: int, last: int) -> Iterator[int]:
    value = first
    while value < last:
        yield value
        value *= 2
    yield last


def _build_parameters(kind: IndexKind, rows: int, dim: int) -> Parameters:
    if kind == "HNSW":
        return dict(HNSW_BUILD)
    if kind in ("FLAT", "DISKANN"):
        return {}
    # 4 * sqrt(rows) lists, as Milvus' documentation advises.
    lists = {"nlist": min(max(round(4 * math.sqrt(rows)), MIN_LISTS), MAX_LISTS)}
    return lists | {"m": dim // SUBVECTOR, "nbits": 8} if kind == "IVF_PQ" else lists
