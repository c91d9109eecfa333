"""Loads what looks at persons, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.settings import Settings
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.attributes import AttributeModel
from cratewatch.words.colours import ColourNamer, ColoursBefore
from cratewatch.words.figure_attributes import FigureAttributes
from cratewatch.words.indexing import Keeping
from cratewatch.words.loading import load_text_image
from cratewatch.words.person_attributes import PersonAttributes
from cratewatch.words.pooling import Pooled
from cratewatch.words.text_image import TextImageModel

COLOURS_SHARE, ATTRIBUTES_SHARE, FIGURES_SHARE = 0.5, 0.5, 0.5
"""Of the log odds of each that are believed (docs/words.md)."""


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
    if not folder:
        search = AttributeSearch(shipped_attributes(tells_sex=tells_sex))
        older = [AttributeSearch(shipped_attributes())] if tells_sex else []
        zoo = PersonAttributes(tells_sex=tells_sex)
        older += [AttributeSearch(zoo), AttributeSearch(colours=ColoursBefore())]
        return Models(search, search, tuple(older))
    model = load_text_image(folder, captions, inference)
    told = _tells_attributes(model) or shipped_attributes(tells_sex=tells_sex)
    return Models(AttributeSearch(told), model)


def shipped_attributes(threads: int = 0, *, tells_sex: bool = False) -> AttributeModel:
    """Load what ships: colours by pixels, and two models of attributes, one of colours as well.

    Args:
        threads: That compute; 0: one for each core.
        tells_sex: Whether sex is among what is told.

    Raises:
        CratewatchError: if a file that ships is missing or damaged.
    """
    return Pooled(
        (ColourNamer(), COLOURS_SHARE),
        (PersonAttributes(threads=threads, tells_sex=tells_sex), ATTRIBUTES_SHARE),
        (FigureAttributes(threads=threads, tells_sex=tells_sex), FIGURES_SHARE),
    )


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
