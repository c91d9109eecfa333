"""Loads a model of texts and pictures from a folder, whichever kind it is."""

from __future__ import annotations

from pathlib import Path

from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.errors import CratewatchError
from cratewatch.folders import users_path
from cratewatch.words.saved_parts import KINDS, OWN_KIND, model_kind
from cratewatch.words.text_image import TextImageModel

BLIP = ("blip",)
CLIP = ("clip", "siglip", "siglip2", "altclip", "chinese_clip", "metaclip_2")
CAPTIONS = "captions"
"""The folder within a BLIP model's own that holds the model that makes captions."""


def load_text_image(
    folder: Path, captions: Path | None = None, inference: Inference = AUTO
) -> TextImageModel:
    """Load a model.

    Args:
        folder: As transformers saves it, or as `cratewatch train-words` does.
        captions: Of a BLIP model that makes captions; by default the folder `captions` within.

    Raises:
        NotFoundError: if there is no such folder.
        CratewatchError: if it holds another kind of model, or files are missing or damaged.
    """
    folder = users_path(str(folder))
    kind = model_kind(folder)
    if kind in BLIP:
        from cratewatch.words.blip import Blip

        inner = folder / CAPTIONS
        found = users_path(str(captions)) if captions else inner if inner.is_dir() else None
        if found is not None and model_kind(found) not in BLIP:
            raise CratewatchError(f"{found}: no BLIP model, which alone makes captions")
        return Blip(folder, found, inference)
    if kind in CLIP:
        from cratewatch.words.clip import Clip

        return Clip(folder, inference)
    if kind == OWN_KIND:
        from cratewatch.words.person_model import PersonModel

        return PersonModel(folder, inference)
    raise CratewatchError(f"{folder}: a model of kind {kind!r}; give the folder of {KINDS}")
