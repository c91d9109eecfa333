"""What nobody may keep any longer is forgotten, by a source's terms or by the settings."""

from __future__ import annotations

from datetime import timedelta

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.errors import UnavailableError
from cratewatch.footage.retention import Forgotten, Kept, forget_footage
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from cratewatch.words.forgetting import ForgottenPersons, forget_persons
from cratewatch.words.opening import open_persons
from flows.log import log
from flows.steps import step


@step()
def forget_expired(settings: Settings, catalog: Catalog) -> dict[str, int]:
    """Delete prices that are older than the terms of their source allow; return how many."""
    catalog.check_writer()
    days = {name: source.prices_kept_days for name, source in settings.sources.items()}
    return {
        name: catalog.observations.forget_before(name, now() - timedelta(days=kept))
        for name, kept in days.items()
        if kept is not None
    }


@step()
def forget_handlings(settings: Settings, catalog: Catalog) -> Forgotten:
    """Delete pictures of handlings, and handlings, that are older than the settings allow."""
    kept = Kept(settings.crops_keep_days, settings.handlings_keep_days)
    return forget_footage(catalog, open_lake(settings.lake), kept, now())


@step()
def forget_old_persons(settings: Settings, catalog: Catalog) -> ForgottenPersons:
    """Delete pictures and rows of persons that are older than the settings allow.

    Rows that a gallery keeps that is away are for the next night; nobody finds them till then.
    """
    catalog_id = catalog.catalog_id
    try:
        return forget_persons(
            open_lake(settings.lake),
            lambda: open_persons(settings, catalog_id),
            settings.footage_keep_days,
            now(),
        )
    except UnavailableError as error:
        log(f"persons that have expired stay in the gallery till the next night: {error}")
        return ForgottenPersons(0, 0)


@step()
def forget_old_items(settings: Settings, catalog: Catalog) -> int:
    """Delete what the ledger holds of items that no run came to for long; return how many."""
    catalog.check_writer()
    return catalog.items.forget_before(now() - timedelta(days=settings.ledger_keep_days))
