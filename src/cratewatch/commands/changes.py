"""The command that lists what runs changed, and how such lists are printed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import AsCsv, AsJson, Home, load_settings
from cratewatch.commands.rows import Rows, say
from cratewatch.errors import NotFoundError

if TYPE_CHECKING:
    from cratewatch.catalog.changes import Change
    from cratewatch.catalog.runs import RunEnd

COLUMNS = (
    *("run_id", "source", "applied", "kind", "release_id", "artist", "title"),
    *("field", "before", "after", "address", "detail"),
)

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch changes --home shop; cratewatch changes RUN --csv > night.csv"
)
def changes(
    run: Annotated[
        str, typer.Argument(help="Run, as in status. [default: each source's last refresh]")
    ] = "",
    home: Home = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
) -> None:
    """List each release that is new, changed or withdrawn, and each failure, of the last night."""
    from cratewatch.catalog.catalog import open_catalog

    settings = load_settings(home)
    rows = Rows(COLUMNS, as_json=json_, as_csv=csv_)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        runs = [catalog.runs.find(storable(run))] if run else catalog.runs.last_refreshes()
        if not runs:
            raise NotFoundError("no source was refreshed yet; run `cratewatch refresh SOURCE`")
        for found in runs:
            if rows.for_people:
                for line in _headline(found):
                    say(line)
            show_changes(rows, catalog.changes.of(found.run_id), applied=found.applied)


def show_changes(rows: Rows, found: Iterable[Change], *, applied: bool) -> None:
    """Print changes; COLUMNS are the keys of each."""
    for change in found:
        row = asdict(change) | {"applied": applied}
        rows.show({name: row[name] for name in COLUMNS}, f"  {change}")


def told(counts: Mapping[str, int]) -> str:
    """Say numbers of releases in words."""
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "no release"


def _headline(run: RunEnd) -> list[str]:
    if run.applied:
        said = f"{run.state}, {told(run.counts)}"
    elif run.counts:
        said = f"refused, nothing was changed; it would have been {told(run.counts)}"
    else:
        said = f"{run.state}, nothing was changed"
    return [f"{run.run_id}: {said}", *([f"  {run.error}"] if run.error else [])]
