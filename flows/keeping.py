"""What a source's terms let nobody keep any longer is forgotten, wherever it is kept."""

from __future__ import annotations

from datetime import timedelta

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.settings import Settings
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
