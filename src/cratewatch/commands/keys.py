"""The command that keeps the service's keys."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cratewatch.commands.options import AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.rows import Rows, say
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.catalog.keys import Key

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch keys add till --scope identify --scope catalog --home shop; "
    "cratewatch keys revoke till"
)
def keys(  # noqa: PLR0913, PLR0917  typer reads the options from here
    what: Annotated[Literal["add", "list", "revoke"], typer.Argument(help="What to do.")],
    name: Annotated[str, typer.Argument(help="Of the key, to add or to revoke it.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What the key opens: identify, catalog, nights, footage, metrics. "
            "[default: all but metrics]"
        ),
    ] = None,
    rate: Annotated[int, whole(1, 1_000_000, "Requests a minute that it may make.")] = 600,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Add, list or revoke keys of the service."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.catalog.keys import SCOPES, Key

    if bool(name) == (what == "list"):
        raise CratewatchError(
            f"keys {what}: {'takes no name' if name else 'which one? give a name'}"
        )
    settings = load_settings(home)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        if what == "add":
            scopes = scope or [one for one in SCOPES if one != "metrics"]
            text = catalog.keys.add(name, scopes, rate)
            if json_:
                show({"name": name, "key": text}, json_)
            else:
                say(text)
        elif what == "revoke":
            revoked = catalog.keys.revoke(name)
            if not json_:
                say(f"{revoked.name}: revoked; services refuse it within seconds")
        else:
            rows = Rows(Key.__dataclass_fields__, as_json=json_, as_csv=False)
            for key in catalog.keys.all():
                rows.show(asdict(key), _line(key))


def _line(key: Key) -> str:
    state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else "valid"
    scopes = ", ".join(key.scopes)
    return f"{key.key_id}  {key.name}: {scopes}; {key.rate_per_min} a minute; {state}"
