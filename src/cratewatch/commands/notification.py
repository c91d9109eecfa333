"""The command that shows who is told of nights, and tries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.commands.rows import say
from cratewatch.errors import CratewatchError, SettingsError

if TYPE_CHECKING:
    from cratewatch.settings import Settings

app = typer.Typer()


@app.command(epilog="Example: cratewatch notify --test --home shop")
def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a message to each address.")] = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show where messages about nights go, secrets left out; try it with --test."""
    from cratewatch.monitoring.notification import addresses

    settings = load_settings(home)
    if not (settings.notify.urls or settings.notify.ping_url):
        from cratewatch.settings_layers import CONFIG_NAME

        raise SettingsError(
            f"notify: no address is set; add `urls` to [notify] in {settings.home / CONFIG_NAME}, "
            'such as urls = ["mailto://user:password@example.org"]'
        )
    rows = _sent(settings) if test else [{"to": to} for to in addresses(settings.notify)]
    for row in rows:
        if json_:
            show(row, json_)
        else:
            say(_line(row))
    if failed := [row for row in rows if row.get("error")]:
        raise CratewatchError(
            f"notify: {len(failed)} of {len(rows)} messages could not be sent; check [notify]"
        )


def _line(row: dict[str, Any]) -> str:
    if "sent" not in row:
        return str(row["to"])
    return f"{row['to']}: {'sent' if row['sent'] else row['error']}"


def _sent(settings: Settings) -> list[dict[str, Any]]:
    from cratewatch.monitoring.notification import try_all

    title = "cratewatch: a test"
    text = f"Messages about the nights of {settings.home} arrive."
    found = try_all(settings.notify, title, text)
    return [{"to": sent.to, "sent": sent.error is None, "error": sent.error} for sent in found]
