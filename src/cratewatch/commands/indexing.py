"""The commands that index, rebuild, roll back, compare, back up and restore."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.indexing.embedding import Embed
    from cratewatch.indexing.stores import Stores
    from cratewatch.progress import Progress

if TYPE_CHECKING:
    from cratewatch.settings import Settings

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch index --home shop; cratewatch index --rebuild; "
    "cratewatch index --verify --repair"
)
def index(  # noqa: PLR0913, PLR0917  one parameter for each option
    model: Annotated[
        str,
        typer.Option(
            help="Name, or a model folder. [default: the serving one, or before it the newest]"
        ),
    ] = "",
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build a fresh collection beside the one that serves.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Let the collection serve that served before.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the gallery with catalog and lake.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what --verify finds.")] = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Embed what the model has not embedded yet and let identify use it."""
    _refuse_mixtures(bool(model) or rebuild, rollback, verify, repair)
    settings = load_settings(home)
    if rollback:
        show(_rolled_back(settings), json_)
    elif verify:
        show(_verified(settings, repair), json_)
    else:
        show(_indexed(settings, model, rebuild=rebuild), json_)


@app.command(
    "backup-gallery",
    epilog="Example: cratewatch backup-gallery before-the-move --home shop",
)
def backup_gallery(
    name: Annotated[str, typer.Argument(help="Of the backup. [default: the time]")] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Write the collection that serves to the lake, as Parquet."""
    from cratewatch.indexing.backing_up import back_up

    settings = load_settings(home)
    with _stores(settings, "back up") as (stores, advance):
        backup = back_up(stores, name, advance)
    told = {"backup": backup.name, "collection": backup.collection, "model": backup.model}
    show(told | {"rows": backup.rows, "shards": len(backup.shards)}, json_)


@app.command(
    "restore-gallery",
    epilog="Example: cratewatch restore-gallery before-the-move --home shop",
)
def restore_gallery(
    name: Annotated[str, typer.Argument(help="Of the backup. [default: the latest]")] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Load a backup into a fresh collection, check it and let identify use it."""
    from cratewatch.indexing.restoring import restore

    settings = load_settings(home)
    with _stores(settings, "restore") as (stores, advance):
        restored = restore(stores, name, settings.gallery_recall, settings.gallery_imports, advance)
    show(asdict(restored), json_)


def _refuse_mixtures(indexes: bool, rollback: bool, verify: bool, repair: bool) -> None:
    if sum((indexes, rollback, verify)) > 1:
        raise CratewatchError(
            "index: --rollback and --verify go alone, --verify with --repair at most; give one"
        )
    if repair and not verify:
        raise CratewatchError("index: --repair mends what --verify finds; give both")


def _indexed(settings: Settings, model: str, *, rebuild: bool = False) -> dict[str, Any]:
    from flows.progress import progress_bar
    from workers.catalog_index import index_catalog

    with progress_bar("index") as advance:
        return asdict(index_catalog(settings, model, rebuild=rebuild, on_progress=advance))


def _rolled_back(settings: Settings) -> dict[str, Any]:
    from cratewatch.indexing.releasing import roll_back

    with _stores(settings, "roll back") as (stores, advance):
        return asdict(roll_back(stores, advance))


def _verified(settings: Settings, repair: bool) -> dict[str, Any]:
    """Compare; with repair also mend, by embedding what the lake does not hold."""
    from cratewatch.indexing.releasing import verify

    with _stores(settings, "verify") as (stores, advance):
        return asdict(verify(stores, _embed(settings, stores) if repair else None, advance))


def _embed(settings: Settings, stores: Stores) -> Embed:
    from workers.indexing import embed_by_ray

    return embed_by_ray(
        settings.ray_address, settings.home / "ray", stores.lake, settings.inference
    )


@contextlib.contextmanager
def _stores(settings: Settings, title: str) -> Iterator[tuple[Stores, Progress]]:
    """Open catalog, lake and gallery, and a progress bar."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.gallery.gallery import open_gallery
    from cratewatch.indexing.stores import Stores
    from cratewatch.lake.opening import open_lake
    from flows.progress import progress_bar

    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery, owner=catalog.catalog_id) as gallery,
        progress_bar(title) as advance,
    ):
        yield Stores(catalog, open_lake(settings.lake), gallery), advance
