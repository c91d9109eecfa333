"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option(
        help="Folder of catalog, lake and gallery, and of cratewatch.toml. "
        "[default: $CRATEWATCH_HOME or ~/.cratewatch]",
        file_okay=False,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
