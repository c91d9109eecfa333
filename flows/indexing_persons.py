"""Makes the persons that nights have gathered searchable by words."""

from __future__ import annotations

from datetime import UTC, datetime

from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from cratewatch.words.indexing import PersonIndexer, PersonsIndexed
from cratewatch.words.models import keeping_of, models_of
from cratewatch.words.opening import open_persons
from flows.progress import progress_bar
from flows.steps import step


@step(again=True)
def bring_persons_up_to_date(
    settings: Settings, catalog_id: str, *, rebuild: bool = False
) -> PersonsIndexed:
    """Index the persons that the lake keeps and the gallery lacks; let the model's serve.

    Raises:
        CratewatchError: if the model cannot be loaded, the gallery is away, or its collection is
            not right.
    """
    models = models_of(settings)
    with open_persons(settings, catalog_id) as persons, progress_bar("persons") as advance:
        indexer = PersonIndexer(
            open_lake(settings.lake),
            persons,
            models.model,
            models.attributes,
            keeping_of(settings),
        )
        return indexer.bring_up_to_date(datetime.now(UTC), rebuild=rebuild, on_progress=advance)
