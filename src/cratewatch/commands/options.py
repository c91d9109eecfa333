"""Options that several commands share."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.output import reports_alone
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


def _for_machines(context: typer.Context, asked: bool) -> bool:
    if asked:
        context.with_resource(reports_alone())
    return asked


AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON for machines.", callback=_for_machines)
]
AsCsv = Annotated[
    bool,
    typer.Option("--csv", help="Print CSV with a header line.", callback=_for_machines),
]
MOST = 1_000_000_000
"""Of anything that is counted."""
MOST_SEED = 2**63 - 1
"""What every generator takes."""


def whole(least: int, most: int = MOST, what: str | None = None) -> Any:
    """Return an option for a whole number; one without bounds would take what nothing bears.

    Args:
        what: Is said in the help.
    """
    return typer.Option(min=least, max=most, help=what)


Rerank = Annotated[
    int | None, whole(0, 100, "Best covers compared with a query keypoint by keypoint.")
]


def given(**options: Any) -> dict[str, Any]:
    """Leave out the options that were not given, so that the defaults stay in one place."""
    return {name: value for name, value in options.items() if value is not None}


def require_page(report: Path) -> None:
    """Raise CratewatchError where no page can be written, before anything is done for it."""
    if report.suffix.lower() not in (".html", ".htm"):
        raise CratewatchError(f"--report: {report} does not end in .html; name a page")
    if not report.absolute().parent.is_dir():
        raise CratewatchError(f"--report: {report.parent} is no folder; make it first")


def mistake_in_option(error: ValueError | SettingsError) -> CratewatchError:
    """Return what a configuration says of a field, its name first, as said of the option."""
    field, _, said = str(error).partition(" ")
    return CratewatchError(f"--{field.replace('_', '-')} {said}")


def load_settings(home: Path | None, *, makes_home: bool = False) -> Settings:
    """Load the settings, and warn where others may read their secrets.

    A user whom the machine does not know has no home, and Prefect and Ray want one: he gets that
    of the settings.

    Args:
        makes_home: Whether the command makes a home where there is none; any other one would
            show an empty one for a name that was mistyped.

    Raises:
        SettingsError: see settings.load_settings().
        NotFoundError: if there is no home.
    """
    # not for --help: pydantic takes a while to import
    from cratewatch.exposed_secrets import exposed_secrets
    from cratewatch.settings import load_settings
    from cratewatch.settings_layers import ENV_PREFIX

    loaded = load_settings(home=home)
    if not makes_home and not loaded.has_home:
        raise NotFoundError(
            f"home: {loaded.home} is none; check --home or {ENV_PREFIX}HOME, or make one: "
            f"`cratewatch init --home {loaded.home}`"
        )
    if exposed := exposed_secrets(home):
        command = f"chmod 600 {shlex.quote(str(exposed))}"
        sys.stderr.write(
            f"warning: {exposed} holds secrets and others may read it; run `{command}`\n"
        )
    if os.path.expanduser("~") == "~":  # noqa: PTH111  a Path would raise
        os.environ["HOME"] = str(loaded.home)
    return loaded
