"""The tables of finding.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Result = Mapping[str, Any]

HEAD = (
    "| way | recall | precision | but for oblong things | AP | recall at P90 "
    "| recall, IoU 0.75 | precision, IoU 0.75 | corner error | its 90th percentile "
    "| wrong a picture without sleeve | with oblong things | ms a picture |"
)
NAMES = (
    "| way | found and named | of 100 px and more | found and known | named anyhow "
    "| known and right | known where unknown |"
)


def markdown(results: Mapping[str, Result]) -> str:
    """Return the tables of all ways: what they find, by size and hidden share, and their names."""
    tables = [_table(HEAD, [_main(way, one) for way, one in results.items()])]
    tables += [_parts(results, "by_size", "px"), _parts(results, "by_hidden", "hidden")]
    named = [_names(way, one) for way, one in results.items() if "names" in one]
    if named:
        tables += [_table(NAMES, named), _named_by_hidden(results)]
    return "\n\n".join(tables)


def _table(head: str, rows: list[str]) -> str:
    rule = "|" + " --- |" * (head.count("|") - 1)
    return "\n".join([head, rule, *rows])


def _main(way: str, result: Result) -> str:
    half, more = result["iou_0.5"], result["iou_0.75"]
    at_p90 = half["recall_at_p90"]
    return _row(
        way,
        _share(half["recall"]),
        _share(half["precision"]),
        _short(half["precision_but_oblong"]),
        f"{half['average_precision']:.3f}",
        f"{at_p90['recall']:.1%} (from {at_p90['score']:.3f})" if at_p90 else "-",
        _short(more["recall"]),
        _short(more["precision"]),
        _percent(half["corner_error"]),
        _percent(half["corner_error_p90"]),
        _number(result["wrong_without_sleeve_plain"]),
        _number(result["wrong_without_sleeve_oblong"]),
        f"{result['ms_a_picture']:.0f}",
    )


def _parts(results: Mapping[str, Result], key: str, unit: str) -> str:
    """Return recall at both overlaps and the corner error of each part of the sleeves."""
    first = next(iter(results.values()))["iou_0.5"][key]
    heads = [f"{part} {unit} ({one['recall']['trials']})" for part, one in first.items()]
    rows = []
    for way, result in results.items():
        half, more = result["iou_0.5"][key], result["iou_0.75"][key]
        rows.append(
            _row(
                way,
                *(
                    f"{_short(half[part]['recall'])} / {_short(more[part]['recall'])} / "
                    f"{_percent(half[part]['corner_error'])}"
                    for part in first
                ),
            )
        )
    return _table(_row("way", *heads), rows)


def _names(way: str, result: Result) -> str:
    names, large = result["names"], result["names_100"]
    return _row(
        way,
        _share(names["found_and_named"]),
        _share(large["found_and_named"]),
        _share(names["found_and_known"]),
        _share(names["named"]),
        _share(names["known_right"]),
        _share(names["unknown_known"]),
    )


def _named_by_hidden(results: Mapping[str, Result]) -> str:
    """Return how many large sleeves are found and named, by the share that is hidden of them."""
    named = {way: one["names_100_by_hidden"] for way, one in results.items() if "names" in one}
    first = next(iter(named.values()))
    heads = [f"{part} hidden ({one['found_and_named']['trials']})" for part, one in first.items()]
    rows = [
        _row(way, *(_short(parts[part]["found_and_named"]) for part in first))
        for way, parts in named.items()
    ]
    return _table(_row("way, found and named of 100 px and more", *heads), rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _share(share: Mapping[str, Any] | None) -> str:
    return f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})" if share else "-"


def _short(share: Mapping[str, Any] | None) -> str:
    return f"{share['value']:.1%}" if share else "-"


def _percent(value: float | None) -> str:
    return f"{value:.1%}" if value is not None else "-"


def _number(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else "-"
