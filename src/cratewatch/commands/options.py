"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.errors import CratewatchError, NotFoundError, SettingsError

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


def load_settings(home: Path | None, *, makes_home: bool = False) -> Settings:
    """Load the settings.

    Args:
        makes_home: Whether the command makes a home where there is none; any other one would
            show an empty one for a name that was mistyped.

    Raises:
        SettingsError: see settings.load_settings().
        NotFoundError: if there is no home.
    """
    from cratewatch import settings  # not for --help: pydantic takes a while to import

    loaded = settings.load_settings(home=home)
    if not makes_home and not loaded.has_home:
        raise NotFoundError(
            f"home: {loaded.home} is none; check --home or {settings.ENV_PREFIX}HOME, or make one: "
            f"`cratewatch init --home {loaded.home}`"
        )
    return loaded
