"""The command that serves a home to other programs and to people."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from cratewatch.commands.options import Home, load_settings, whole

PORT = 8300

app = typer.Typer()


@app.command(epilog="Example: cratewatch serve --home shop; cratewatch serve --host 0.0.0.0")
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others reach needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, whole(0, 65_535, "Port to listen on; 0 for any that is free.")] = PORT,
    workers: Annotated[int, whole(1, 64, "Processes, each with the model.")] = 1,
    home: Home = None,
) -> None:
    """Answer pictures and show the catalog over HTTP, until Ctrl-C."""
    settings = load_settings(home)
    from cratewatch.service.listening import serve as listen

    with contextlib.suppress(KeyboardInterrupt):  # that is how it ends
        listen(settings, host, port, workers)
