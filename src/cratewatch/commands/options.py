"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.errors import CratewatchError, SettingsError

if TYPE_CHECKING:
    from cratewatch.settings import Settings

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
Rerank = Annotated[
    int | None,
    typer.Option(min=0, max=100, help="Best covers compared with a query keypoint by keypoint."),
]


def given(**options: Any) -> dict[str, Any]:
    """Leave out the options that were not given, so that the defaults stay in one place."""
    return {name: value for name, value in options.items() if value is not None}


def mistake_in_option(error: ValueError | SettingsError) -> CratewatchError:
    """Return what a configuration says of a field, its name first, as said of the option."""
    field, _, said = str(error).partition(" ")
    return CratewatchError(f"--{field.replace('_', '-')} {said}")


def load_settings(home: Path | None) -> Settings:
    """Load the settings; see settings.load_settings() for what is raised."""
    from cratewatch import settings  # not for --help: pydantic takes a while to import

    return settings.load_settings(home=home)
