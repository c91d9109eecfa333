"""Loads what looks at persons, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.settings import Settings
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.attributes import AttributeModel
from cratewatch.words.colours import ColoursBefore
from cratewatch.words.indexing import Keeping
from cratewatch.words.loading import load_text_image
from cratewatch.words.person_attributes import PersonAttributes
from cratewatch.words.text_image import TextImageModel


@dataclass(frozen=True)
class Models:
    """What looks at persons.

    Attributes:
        attributes: Tells colours and attributes: facets, and captions.
        model: What prompts are compared by; the same where no other is chosen.
        before: By what an index may have been made that is searched until the model's is there.
    """

    attributes: AttributeSearch
    model: TextImageModel
    before: tuple[AttributeSearch, ...] = ()


def open_models(
    folder: Path | None = None,
    captions: Path | None = None,
    inference: Inference = AUTO,
    *,
    tells_sex: bool = False,
) -> Models:
    """Load what looks at persons.

    Args:
        folder: Of a BLIP, CLIP or SigLIP model, or of one of our own, which tells attributes as
            well; None for colours and attributes.
        captions: Of a BLIP model that makes captions.
        tells_sex: Whether the attributes that ship tell sex.

    Raises:
        CratewatchError: if a folder holds no such model, or what ships is damaged.
    """
    shipped = PersonAttributes(tells_sex=tells_sex)
    if not folder:
        search = AttributeSearch(shipped)
        older = [AttributeSearch(PersonAttributes())] if tells_sex else []
        return Models(search, search, (*older, AttributeSearch(colours=ColoursBefore())))
    model = load_text_image(folder, captions, inference)
    return Models(AttributeSearch(_tells_attributes(model) or shipped), model)


def _tells_attributes(model: TextImageModel) -> AttributeModel | None:
    """Return the model if it tells attributes as well, which our own does."""
    from cratewatch.words.person_model import PersonModel

    return model if isinstance(model, PersonModel) else None


def models_of(settings: Settings) -> Models:
    """Load what the settings name; see open_models()."""
    folder = Path(settings.words_model) if settings.words_model else None
    captions = Path(settings.words_captions) if settings.words_captions else None
    return open_models(folder, captions, settings.inference, tells_sex=settings.facets_of_persons)


def keeping_of(settings: Settings) -> Keeping:
    """Return what the settings say of persons."""
    return Keeping(
        days=settings.footage_keep_days,
        shows_sensitive=settings.facets_of_persons,
        index=settings.gallery_index,
        old_days=settings.gallery_keep_days,
    )
