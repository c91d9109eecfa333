"""The model card: what a model is, on what it was trained, what it reaches and what it confuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cratewatch.embedding.config import ModelConfig

LIMITS = (
    "It sees grey only: sleeves that differ by colour alone are confused.",
    "Look-alikes are its usual misses: volumes of one series, plain and text-only sleeves.",
    "It takes every picture for a sleeve: the score alone tells whether the catalog has it.",
)


def model_card(name: str, config: ModelConfig, provenance: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Args:
        provenance: JSON-ready, every key optional. "training": settings of the training by name.
            "metrics": what was measured, by name; rows that are mappings with equal keys become
            one table. "data": on what it was trained, a text. "limits": texts on what it gets
            wrong, beside what is true of all. "licence": of weights and data, a text.
    """
    parts = [
        f"# {name}\n\nMaps pictures of record sleeves to vectors of unit length: a cover and a "
        "small, grey, half hidden crop of its sleeve come to lie close together. It is made for "
        "`cratewatch index` and `cratewatch identify`. Covers that training never saw are "
        "recognised as soon as they are indexed.",
        f"## The network\n\n{_pairs(asdict(config))}\n\nInput: grey, resized to the square, a "
        "cover inside a frame of its mean grey, scaled to mean 0 and deviation 1 for each image.",
        "## Training\n\n"
        + provenance.get("data", "On drawn queries of the catalog's covers, by `cratewatch train`.")
        + _section(_pairs(provenance.get("training", {}))),
        f"## Measured\n\n{_measured(provenance.get('metrics', {})) or 'Nothing yet.'}",
        "## What it gets wrong\n\n"
        + "\n".join(f"- {limit}" for limit in (*LIMITS, *provenance.get("limits", ()))),
    ]
    if "licence" in provenance:
        parts.append(f"## Licence\n\n{provenance['licence']}")
    return "\n\n".join(parts) + "\n"


def _measured(metrics: Mapping[str, Any]) -> str:
    """Return single values as pairs, then one table for each set of equal columns."""
    single = {key: value for key, value in metrics.items() if not isinstance(value, Mapping)}
    tables: dict[tuple[str, ...], list[list[Any]]] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            tables.setdefault(tuple(value), []).append([key, *value.values()])
    shown = [_pairs(single)] if single else []
    shown += [_table(["", *columns], rows) for columns, rows in tables.items()]
    return "\n\n".join(shown)


def _pairs(values: Mapping[str, Any]) -> str:
    """Return a table of what is set; nothing and what has no entries say nothing."""
    rows = [[key, value] for key, value in values.items() if value not in (None, {}, "")]
    return _table(["", ""], rows) if rows else ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace("|", "\\|").split())


def _section(text: str) -> str:
    return f"\n\n{text}" if text else ""
