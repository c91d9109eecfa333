"""Finds persons by a prompt in one video, without an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cratewatch.errors import CratewatchError
from cratewatch.footage.run import Summary
from cratewatch.footage.sources import Source
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.explaining import explain
from cratewatch.words.gathering import PersonPicture, PersonTrack
from cratewatch.words.looking import LookingOptions, look_at
from cratewatch.words.models import shipped_attributes
from cratewatch.words.ranking import Candidate, Cut, Ranked, rank
from cratewatch.words.searching import Found, Moment
from cratewatch.words.text_image import TextImageModel
from cratewatch.words.tokens import TokenCache


@dataclass(frozen=True)
class FilmFound:
    """What was found in a video.

    Attributes:
        found: The answer.
        pictures: Of each moment, the person as he is in the frame, (H, W, 3) uint8 RGB.
        people: How many persons there are in the video.
        summary: How it was looked at.
    """

    found: Found
    pictures: Sequence[PersonPicture]
    people: int
    summary: Summary


def search_film(
    source: Source, options: LookingOptions, model: TextImageModel, prompt: str, cut: Cut
) -> FilmFound:
    """Find who fits a prompt best in a video.

    Raises:
        CratewatchError: if the prompt says nothing that is answered here, the detector is none, or
            the footage cannot be read.
    """
    explained = explain(prompt, model)
    if source.is_live:
        raise CratewatchError(
            f"{source.name}: a stream has no end; record it, or search what was indexed"
        )
    tracks: list[PersonTrack] = []
    summary = look_at(source, options, tracks.append)
    pictures = [(track.track_id, picture) for track in tracks for picture in track.pictures]
    ranked, nearest = _rank(model, prompt, pictures, cut)
    chosen = [one.row[1] for one in ranked]
    captions = _captions(model, chosen)
    moments = [
        _moment(n, one, captions[n - 1], explained.by, source.name)
        for n, one in enumerate(ranked, start=1)
    ]
    found = Found(prompt, explained, moments, nearest, {})
    return FilmFound(found, chosen, len(tracks), summary)


Row = tuple[int, PersonPicture]
"""A track's number and a picture of it."""


def _rank(
    model: TextImageModel, prompt: str, pictures: Sequence[Row], cut: Cut
) -> tuple[list[Ranked[Row]], float | None]:
    """Return the best persons, and how similar the best of all is."""
    if not pictures:
        return [], None
    crops = [picture.pixels for _, picture in pictures]
    cosines = model.embed_images(crops).embeddings @ model.embed_texts([prompt])[0]
    candidates = [
        Candidate(str(n), row[0], float(cosine), row)
        for n, (row, cosine) in enumerate(zip(pictures, cosines, strict=True))
    ]
    kept = TokenCache(model)
    ranked = rank(
        model,
        prompt,
        candidates,
        lambda keys: kept.of(keys, lambda missing: [crops[int(key)] for key in missing]),
        cut,
    )
    best = np.array([cosines.max()], np.float32)
    return ranked, float(model.scores(prompt, best)[0])


def _captions(model: TextImageModel, pictures: Sequence[PersonPicture]) -> list[str]:
    """Return what the pictures of hits show; by attributes where the model makes no captions."""
    crops = [picture.pixels for picture in pictures]
    if not crops:
        return []
    return (model if model.can_caption else AttributeSearch(shipped_attributes())).caption(crops)


def _moment(number: int, ranked: Ranked[Row], caption: str, by: str, name: str) -> Moment:
    track_id, picture = ranked.row
    return Moment(
        rank=number,
        score=ranked.score,
        similarity=ranked.similarity,
        t=picture.seconds,
        frame=picture.frame,
        track_id=track_id,
        box=picture.box_xyxy,
        caption=caption,
        by=by,
        camera="",
        at=None,
        footage="",
        recording=name,
    )
