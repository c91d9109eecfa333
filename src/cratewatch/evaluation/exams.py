"""Models with what they are asked about: pictures of artworks that none of them saw."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.saved_models import default_model, models, shipped_models
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.held_out import Pictures, embed_catalog, open_model, unseen_covers
from cratewatch.evaluation.protocol.vectors import ArtworkVectors
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress
from cratewatch.settings import Settings


@dataclass(frozen=True)
class Exam:
    """A model, and pictures of unseen artworks to be found among all covers."""

    embedder: Embedder
    covers: Sequence[Cover]
    pictures: Pictures
    gallery: ArtworkVectors


def prepare_exams(settings: Settings, names: Sequence[str], on_progress: Progress) -> list[Exam]:
    """Load models and embed the catalog's covers by each; all have the same pictures.

    Args:
        names: As evaluate_models() takes them.

    Raises:
        NotFoundError: if there is no such model, or none serves.
        CratewatchError: if the catalog has no artwork that none of them saw.
    """
    lake = open_lake(settings.lake)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        chosen = names or _serving_and_new(settings, catalog.catalog_id, lake)
        covers = catalog.covers.all()
    opened = [open_model(lake, name, settings.inference) for name in dict.fromkeys(chosen)]
    seen = frozenset[str]().union(*(artworks for _, artworks in opened))
    unseen = unseen_covers(covers, seen)
    if not unseen:
        known = " and ".join(embedder.name for embedder, _ in opened)
        alone = "" if len(opened) == 1 else ", or evaluate one alone by --model"
        raise CratewatchError(
            f"evaluation: the catalog has no artwork that model {known} never saw; "
            f"import covers that it was not trained on{alone}"
        )
    pictures = Pictures(lake, unseen)
    return [
        Exam(embedder, covers, pictures, embed_catalog(covers, embedder, lake, on_progress))
        for embedder, _ in opened
    ]


def _serving_and_new(settings: Settings, owner: str, lake: Lake) -> list[str]:
    """Return the serving model, and the one trained last if that was trained after it."""
    with open_gallery(*settings.gallery, owner=owner) as gallery:
        serving = model_of(gallery.alias.require_serving(", or name a model by --model"))
    newest, by_age = default_model(lake), models(lake)
    older = by_age[: by_age.index(serving)] if serving in by_age else []
    is_new = newest not in (*older, *shipped_models(), serving)
    return [serving, newest] if is_new else [serving]
