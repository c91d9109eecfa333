"""Finds persons by a prompt: in the index of days of footage."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.persons import Box
from cratewatch.gallery.gallery import ANEW_AFTER_S
from cratewatch.gallery.person_rows import PersonHit, PersonRow, PersonsWanted
from cratewatch.gallery.persons import MOST_HITS, Persons
from cratewatch.lake.lake import Lake
from cratewatch.words.attributes import SENSITIVE, TERMS
from cratewatch.words.explaining import Explained, explain
from cratewatch.words.kept import read_pictures
from cratewatch.words.ranking import RERANKED, Candidate, Cut, Ranked, rank
from cratewatch.words.text_image import TextImageModel
from cratewatch.words.tokens import TokenCache

PICTURES_A_PERSON = 4
"""Rows to be asked for to get one person more; more than a track has pictures."""


@dataclass(frozen=True)
class Moment:
    """A person and when he is seen.

    Attributes:
        rank: From 1.
        score: What ranks; see ranking.Ranked.
        similarity: What the threshold compared.
        t: Seconds into the recording.
        frame: Number of the frame.
        track_id: Of the person in that recording.
        box: x1, y1, x2, y2 in pixels of the frame.
        caption: What he looks like, in words.
        by: What found him.
        camera: Name of the camera; "" if nobody told.
        at: Time of day, aware; None if nobody knows.
        footage: Key of the recording.
        recording: Where it was when it was indexed.
        note: What is to be known of it, such as that the recording is gone.
        crop_key: Of his picture in the lake; "" if there is none.
    """

    rank: int
    score: float
    similarity: float
    t: float
    frame: int
    track_id: int
    box: Box
    caption: str
    by: str
    camera: str
    at: datetime | None
    footage: str
    recording: str
    note: str = ""
    crop_key: str = ""


@dataclass(frozen=True)
class Found:
    """The answer to a prompt.

    Attributes:
        moments: Best first; none if nothing fits.
        nearest: Similarity of the best of all; None if there was nobody.
        facets: Of those who were near, how many fit each term.
    """

    prompt: str
    explained: Explained
    moments: Sequence[Moment]
    nearest: float | None
    facets: dict[str, int]

    @property
    def nothing(self) -> str:
        """What is said if nothing fits; "" otherwise."""
        if self.moments:
            return ""
        if self.nearest is None:
            return "nobody is there to be searched for"
        return f"nothing fits; the nearest has {self.nearest:.2f}"


class WordSearch:
    """Searches what was indexed; open for as long as the gallery is."""

    def __init__(
        self,
        lake: Lake,
        persons: Persons,
        model: TextImageModel,
        *,
        before: Sequence[TextImageModel] = (),
        shows_sensitive: bool = False,
    ) -> None:
        """Take what is searched.

        Args:
            before: Models whose index is searched as long as there is none of the model.
            shows_sensitive: Whether sex and age are facets.
        """
        self._lake = lake
        self._persons = persons
        self._models = (model, *before)
        self._model = model
        self._tokens = TokenCache(model)
        self._known: tuple[str, float] | None = None
        self._hidden = frozenset() if shows_sensitive else SENSITIVE

    def search(self, prompt: str, wanted: PersonsWanted, cut: Cut) -> Found:
        """Find who fits a prompt best.

        Raises:
            CratewatchError: if the prompt says nothing that is answered here, or a facet is none.
            NotFoundError: if nobody is indexed by the model.
            UnavailableError: if Milvus is away.
        """
        explain(prompt, self._models[0])
        self._check_facets(wanted.facets)
        collection = self._collection()
        explained = explain(prompt, self._model)
        query = self._model.embed_texts([prompt])[0]
        asked = min(MOST_HITS, (cut.top + RERANKED) * PICTURES_A_PERSON)
        hits = self._persons.search(collection, query, asked, wanted)
        ranked = self._rank(prompt, hits, cut)
        by = explained.by
        moments = [self._moment(n, one, by) for n, one in enumerate(ranked, start=1)]
        return Found(prompt, explained, moments, self._nearest(prompt, hits), self._facets(hits))

    def _collection(self) -> str:
        """Return the collection that is searched, loaded; asked for anew after some seconds."""
        if self._known is None or time.monotonic() > self._known[1]:
            self._model, collection = self._indexed()
            self._persons.collections.load(collection)
            self._known = collection, time.monotonic() + ANEW_AFTER_S
        return self._known[0]

    def _indexed(self) -> tuple[TextImageModel, str]:
        """Return the first model that there is an index of, and its collection.

        Raises:
            NotFoundError: if there is none, naming the first.
        """
        first, *older = self._models
        try:
            return first, self._persons.collection_of(first.name)
        except NotFoundError:
            for model in older:
                with contextlib.suppress(NotFoundError):
                    return model, self._persons.collection_of(model.name)
            raise

    def _rank(self, prompt: str, hits: Sequence[PersonHit], cut: Cut) -> list[Ranked[PersonRow]]:
        keys = {hit.row.row_id: hit.row.crop_key for hit in hits}
        candidates = [
            Candidate(hit.row.row_id, (hit.row.footage, hit.row.track_id), hit.cosine, hit.row)
            for hit in hits
        ]

        def read(row_ids: Sequence[str]) -> list[Rgb]:
            return read_pictures(self._lake, [keys[row_id] for row_id in row_ids])

        return rank(
            self._model, prompt, candidates, lambda row_ids: self._tokens.of(row_ids, read), cut
        )

    def _moment(self, number: int, ranked: Ranked[PersonRow], by: str) -> Moment:
        row = ranked.row
        return Moment(
            rank=number,
            score=ranked.score,
            similarity=ranked.similarity,
            t=row.seconds,
            frame=row.frame,
            track_id=row.track_id,
            box=row.box_xyxy,
            caption=self._caption(row),
            by=by,
            camera=row.camera,
            at=row.filmed_at,
            footage=row.footage,
            recording=row.recording,
            note="" if Path(row.recording).exists() else "the recording is no longer there",
            crop_key=row.crop_key,
        )

    def _caption(self, row: PersonRow) -> str:
        if not self._model.can_caption or not self._model.can_match:
            return row.caption
        try:
            return self._model.caption(read_pictures(self._lake, [row.crop_key]))[0]
        except NotFoundError:
            return row.caption

    def _nearest(self, prompt: str, hits: Sequence[PersonHit]) -> float | None:
        if not hits:
            return None
        return float(self._model.scores(prompt, np.array([hits[0].cosine], np.float32))[0])

    def _facets(self, hits: Sequence[PersonHit]) -> dict[str, int]:
        people = {(hit.row.footage, hit.row.track_id): hit.row.terms for hit in hits}
        counted = Counter(term for terms in people.values() for term in terms)
        return {term: counted[term] for term in TERMS if counted[term] and term not in self._hidden}

    def _check_facets(self, facets: Sequence[str]) -> None:
        known = [term for term in TERMS if term not in self._hidden]
        if wrong := [facet for facet in facets if facet not in known]:
            off = [facet for facet in wrong if facet in self._hidden]
            why = "is off; set facets_of_persons" if off else f"is none of {', '.join(known)}"
            raise CratewatchError(f"--facet: {(off or wrong)[0]!r} {why}")
