"""The command that shows which exports were made."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, fields
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cratewatch.commands.options import AsCsv, AsJson, Home, load_settings
from cratewatch.commands.rows import Rows

app = typer.Typer()


@app.command(epilog="Example: cratewatch audit --since 2026-11-01 --home shop")
def audit(
    since: Annotated[str, typer.Option(help="First day. [default: all]")] = "",
    home: Home = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
) -> None:
    """List who exported what was handled, when and whereto."""
    from cratewatch.catalog.audit import Export
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.intent.spans import read_day

    settings = load_settings(home)
    zone = ZoneInfo(settings.timezone)
    moment = datetime.combine(read_day(since, "--since"), time(), zone) if since else None
    rows = Rows([field.name for field in fields(Export)], as_json=json_, as_csv=csv_)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        for one in catalog.audit.since(moment):
            at = one.at.astimezone(zone)
            rows.show(
                asdict(one),
                f"{at:%Y-%m-%d %H:%M}  {one.who}  {one.what}, {one.rows} rows to {one.target}"
                f"  {one.detail}".rstrip(),
            )
