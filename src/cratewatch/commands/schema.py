"""The command that shows what other commands print with --json."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from cratewatch.errors import NotFoundError

SCHEMAS = Path(__file__).parent / "schemas"

app = typer.Typer()


@app.command(epilog="Example: cratewatch schema identify; cratewatch schema")
def schema(
    command: Annotated[str, typer.Argument(help="Of cratewatch. [default: list them]")] = "",
) -> None:
    """Print the JSON Schema of each line that a command prints with --json."""
    known = sorted(file.stem for file in SCHEMAS.glob("*.json"))
    if not command:
        sys.stdout.writelines(f"{name}\n" for name in known)
        return
    if command not in known:
        near = difflib.get_close_matches(command, known, n=1)
        hint = f"perhaps `{near[0]}` is meant" if near else f"there are {', '.join(known)}"
        raise NotFoundError(f"schema: no command {command!r} prints JSON; {hint}")
    sys.stdout.write((SCHEMAS / f"{command}.json").read_text("utf-8"))
