"""The command that shows how everything is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cratewatch.commands.lean import without_pandas
from cratewatch.commands.options import AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.tables import failures_table, status_tables
from cratewatch.errors import CratewatchError
from cratewatch.monitoring.health import LATE_AFTER_H, problems

app = typer.Typer()


@app.command(epilog="Example: cratewatch status --json --home shop; cratewatch status --failures")
def status(  # noqa: PLR0913, PLR0917  one parameter for each option
    failures: Annotated[
        bool, typer.Option("--failures", help="List failed items by reason, with examples.")
    ] = False,
    examples: Annotated[int, whole(1, what="Of each reason, for --failures.")] = 3,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is wrong, one line each; exit code 1 if any.")
    ] = False,
    late_after: Annotated[
        float,
        typer.Option(
            min=0, max=876_000, help="Hours since the last good run of a source, for --check."
        ),
    ] = LATE_AFTER_H,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show what catalog, lake and gallery hold and how the last runs ended."""
    from cratewatch.monitoring.status import collect_failures, collect_status

    settings = load_settings(home)
    if failures:
        found = collect_failures(settings, examples)
        show(found, json_, [failures_table(found)])
    else:
        with without_pandas():
            found = collect_status(settings)
        if not check:
            show(found, json_, status_tables(found))
        elif wrong := problems(found, late_after, datetime.now(UTC)):
            raise CratewatchError("; ".join(wrong))
