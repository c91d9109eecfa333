"""Tables for the terminal that more than one command prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from cratewatch.catalog.records import storable
from cratewatch.retrieval.verdict import said

FEW_CELLS = 6


class PlainTable(Table):
    """A table of text from outside, in which nothing can speak to the terminal."""

    def __init__(self, *headers: Any, title: str | None = None, **options: Any) -> None:
        super().__init__(*headers, title=storable(title) if title else None, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of strings, or of what rich can show."""
        shown = (storable(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, **options)

    def lines(self) -> Iterator[str]:
        """Yield what it holds a row a line, for where it would cut a path or an address."""
        if self.title:
            yield str(self.title)
        if self.show_header:
            yield "  ".join(str(column.header) for column in self.columns)
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            yield "  ".join(map(str, cells)).rstrip()


def evaluation_table(evaluation: dict[str, Any]) -> PlainTable:
    """Return recall with its interval beside chance, overall and by severity."""
    table = PlainTable(
        title=f"{evaluation['n_queries']} queries of unseen artworks among "
        f"{evaluation['n_artworks']} artworks, model {evaluation['model']}"
    )
    for column in ("measure", "value", "95 % interval", "by chance"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for k in (1, 5):
        share, chance = evaluation[f"recall_at_{k}"], evaluation[f"chance_at_{k}"]
        table.add_row(f"recall@{k}", *_share(share), f"{chance:.2%}")
    for severity, share in evaluation["by_severity"].items():
        table.add_row(f"recall@1, severity {severity}", *_share(share), "")
    return table


def compared_tables(evaluation: dict[str, Any]) -> Iterator[PlainTable]:
    """Yield the tables of every model, then one for each comparison with the first."""
    for of_model in (evaluation, *evaluation["others"]):
        yield from grid_tables(of_model)
    for other in evaluation["others"]:
        rows = [row for row in evaluation["compared"] if row["model"] == other["model"]]
        table = _paired_table(rows)
        table.title = (
            f"{evaluation['model']} (first) beside {other['model']} (other), recall@1 among "
            f"everything on {evaluation['n_unseen']} artworks that neither saw"
        )
        table.caption = "percent, with intervals of 95 %; above 0 the other is better"
        yield table


def _paired_table(rows: Sequence[dict[str, Any]]) -> PlainTable:
    table = PlainTable(box=SIMPLE_HEAD, padding=0)
    for column in ("queries", "first", "other", "difference", "gained", "lost"):
        table.add_column(column, justify="left" if column == "queries" else "right")
    for row in rows:
        recall = row["recall"]
        difference, low, high = (100 * recall[name] for name in ("difference", "low", "high"))
        table.add_row(
            f"{row['severity']:g}:{row['sleeve_px']}",
            _percent(recall["before"]),
            _percent(recall["after"]),
            f"{difference:+.1f} ({low:+.1f} to {high:+.1f})",
            str(recall["gained"]),
            str(recall["lost"]),
        )
    return table


def grid_tables(evaluation: dict[str, Any]) -> Iterator[PlainTable]:
    """Yield the rows of a grid evaluation as one table; of many cells a table for each protocol."""
    rows = evaluation["rows"]
    title = (
        f"{evaluation['model']} on {evaluation['n_unseen']} unseen artworks; "
        f"everything: {evaluation['n_covers']} covers; hands: {evaluation['hands']}"
    )
    if len({(row["severity"], row["sleeve_px"]) for row in rows}) <= FEW_CELLS:
        table = _rows_table(rows)
        if scans := evaluation["scans"]:
            table.add_row(scans["protocol"], "scans", *_scores(scans["scores"], scans))
        table.title, table.caption = title, "percent, with intervals of 95 %"
        if evaluation["left_out"]:
            table.caption += f"; too few artworks for {', '.join(evaluation['left_out'])}"
        yield table
        return
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        table = _protocol_table([row for row in rows if row["protocol"] == protocol])
        table.title, table.caption = f"{protocol}: recall@1/recall@5 in percent", title
        yield table


def _rows_table(rows: Sequence[dict[str, Any]]) -> PlainTable:
    table = PlainTable(box=SIMPLE_HEAD, padding=0)
    for column in ("gallery", "queries", "recall@1", "recall@5", "mAP", "@P90", "chance"):
        table.add_column(column, justify="left" if column == "gallery" else "right")
    for row in rows:
        table.add_row(
            row["protocol"],
            f"{row['severity']:g}:{row['sleeve_px']}",
            *_scores(row, row),
        )
    return table


def _scores(scores: dict[str, Any], of: dict[str, Any]) -> Iterator[str]:
    yield from (_percent(scores[f"recall_at_{k}"]) for k in (1, 5))
    yield from (f"{100 * scores[name]:.1f}" for name in ("mean_average_precision", "recall_at_p90"))
    yield f"{100 * of['chance_at_1']:.2f}"


def _percent(share: dict[str, float]) -> str:
    value, low, high = (100 * share[name] for name in ("value", "low", "high"))
    return f"{value:.1f} ({low:.1f}-{high:.1f})"


def _protocol_table(rows: Sequence[dict[str, Any]]) -> PlainTable:
    """Return recall@1 and recall@5 by severity, downwards, and size of the sleeve."""
    sizes = sorted({row["sleeve_px"] for row in rows}, reverse=True)
    found = {(row["severity"], row["sleeve_px"]): row for row in rows}
    table = PlainTable(box=SIMPLE_HEAD, padding=0)
    for column in ("severity", *(f"{size} px" for size in sizes)):
        table.add_column(column, justify="right")
    for severity in sorted({row["severity"] for row in rows}):
        cells = [found.get((severity, size)) for size in sizes]
        table.add_row(f"{severity:g}", *(_pair(cell) if cell else "" for cell in cells))
    return table


def _pair(row: dict[str, Any]) -> str:
    values = (f"{100 * row[f'recall_at_{k}']['value']:.1f}" for k in (1, 5))
    return "/".join(value.replace("100.0", "100") for value in values)


def failures_table(failures: dict[str, Any]) -> PlainTable:
    """Return failed items by reason, some examples of each."""
    table = PlainTable(title="failed and not succeeded since")
    for column in ("reason", "items", "source", "kind", "example", "attempts", "detail"):
        table.add_column(column)
    for reason, failed in failures.items():
        for number, example in enumerate(failed["examples"]):
            table.add_row(
                *((reason, str(failed["count"])) if number == 0 else ("", "")),
                *(str(example[name]) for name in ("source", "kind", "key", "attempts", "detail")),
            )
    return table


def _share(share: dict[str, float]) -> tuple[str, str]:
    return f"{share['value']:.1%}", f"{share['low']:.1%} to {share['high']:.1%}"


def status_tables(status: dict[str, Any]) -> Iterator[PlainTable]:
    """Yield what status tells: all but the gallery's collections, then a row for each of these."""
    gallery = dict(status["gallery"])
    collections = gallery.pop("collections", {})
    yield report_table({**status, "gallery": gallery})
    if collections:
        yield _collections_table(collections, gallery["serving"])


def _collections_table(collections: dict[str, Any], serving: str | None) -> PlainTable:
    table = PlainTable(title="collections of the gallery")
    table.add_column("collection", no_wrap=True)
    for column in ("rows", "index", "search", "recall@10", "state"):
        table.add_column(column, justify="right" if column in ("rows", "recall@10") else "left")
    for name, found in collections.items():
        until = found["served_until"]
        state = f"served until {until:%Y-%m-%d %H:%M}" if until else found["state"]
        table.add_row(
            name,
            "" if found["rows"] is None else str(found["rows"]),
            found["index"],
            " ".join(f"{key} {value}" for key, value in found["search"].items()),
            "" if found["recall_at_10"] is None else f"{found['recall_at_10']:.1%}",
            "serves" if name == serving else state,
        )
    return table


def report_table(report: dict[str, Any]) -> PlainTable:
    """Lay out the leaves of a report, each named by its way from the root."""
    table = PlainTable(show_header=False)
    for name, value in _leaves(report):
        table.add_row(name, value)
    return table


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name} {key}".strip())
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{name} {number}")
    else:
        yield name, "" if value is None else str(value)


def _said(answer: dict[str, Any]) -> str:
    return said(answer["verdict"], answer["probability"])


def answer_table(answer: dict[str, Any]) -> PlainTable:
    """Lay out the matches of one query with their first release, and the verdict below."""
    table = PlainTable(title=answer["query"], caption=_said(answer))
    for column in ("score", "artist", "title", "price", "cover"):
        table.add_column(column)
    for match in answer["matches"]:
        table.add_row(f"{match['score']:.3f}", *_release(match), match["path_or_url"])
    return table


def found_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what was found in a picture, its corners clockwise in pixels."""
    yield f"{found['query']}: {len(found['sleeves'])} found"
    for number, sleeve in enumerate(found["sleeves"], start=1):
        corners = " ".join(f"{x:.0f},{y:.0f}" for x, y in sleeve["quad"])
        crop = f"  {sleeve['crop']}" if "crop" in sleeve else ""
        yield f"  {number}. {corners}  {sleeve['upright_px']} px  score {sleeve['score']:.2f}{crop}"


def answer_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Yield what answer_table() lays out, for terminals in which a path would be in pieces."""
    yield answer["query"]
    for match in answer["matches"]:
        yield f"  {match['score']:.3f}  {' · '.join(filter(None, _release(match)))}"
        yield f"         {match['path_or_url']}"
    yield f"  {_said(answer)}"


def sleeve_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each sleeve, of a picture in which there are several."""
    sleeves = answer.get("sleeves") or []
    if len(sleeves) < 2:
        return
    yield f"  {len(sleeves)} sleeves, the most prominent first:"
    for number, sleeve in enumerate(sleeves, start=1):
        x, y = (sum(corner[axis] for corner in sleeve["quad"]) / 4 for axis in (0, 1))
        best = sleeve["matches"][0] if sleeve["matches"] and sleeve["known"] else None
        named = " · ".join(filter(None, _release(best))) or best["path_or_url"] if best else ""
        sure = f" ({sleeve['probability']:.0%})" if best else ""
        yield f"  {number}. at {x:.0f},{y:.0f}: {named or 'not in the catalog'}{sure}"


def _release(match: dict[str, Any]) -> tuple[str, str, str]:
    """Return artist, title and price of the first release of a match."""
    release = match["releases"][0] if match["releases"] else {}
    price = f"{release['price']} {release['currency']}" if release.get("price") else ""
    return release.get("artist") or "", release.get("title") or "", price
