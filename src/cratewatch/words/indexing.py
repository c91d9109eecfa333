"""Makes persons searchable: what the lake keeps of them becomes rows of the model's collection.

Run again it goes on where it was killed: a recording counts as indexed when the collection holds
as many rows of it as the lake keeps pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cratewatch.chunks import chunks
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery.indexes import IndexSetting
from cratewatch.gallery.person_rows import PersonRow
from cratewatch.gallery.persons import Persons
from cratewatch.indexing.releasing import drop_old
from cratewatch.lake.lake import Lake
from cratewatch.progress import Progress, unseen
from cratewatch.words.attribute_search import AttributeSearch, caption_of, seen_terms
from cratewatch.words.attributes import Attributes
from cratewatch.words.kept import (
    KeptPicture,
    Recorded,
    expires_at,
    kept_folders,
    read_kept,
    read_pictures,
    rows_of,
)
from cratewatch.words.text_image import Embeddings, TextImageModel

BATCH = 64
ROWS_EXPECTED = 100_000
"""For which a new collection's index is chosen."""


@dataclass(frozen=True)
class Keeping:
    """What settings say of persons.

    Attributes:
        days: For which they are kept, from when they were filmed.
        shows_sensitive: Whether sex and age are facets.
        index: Of Milvus.
        old_days: For which a collection stays that served before.
    """

    days: float
    shows_sensitive: bool = False
    index: IndexSetting = "auto"
    old_days: float = 7.0


@dataclass
class PersonsIndexed:
    """What indexing came to.

    Attributes:
        collection: That serves now.
        recordings: Whose persons are kept.
        indexed: Of these, which this call indexed.
        pictures: That this call embedded.
        rows: That the collection holds.
        dropped: Collections that went.
        lost: Recordings that the lake lost while they were read.
    """

    collection: str = ""
    recordings: int = 0
    indexed: int = 0
    pictures: int = 0
    rows: int = 0
    dropped: list[str] = field(default_factory=list)
    lost: int = 0


class PersonIndexer:
    """Fills the collection of a model from the lake."""

    def __init__(
        self,
        lake: Lake,
        persons: Persons,
        model: TextImageModel,
        attributes: AttributeSearch,
        keeping: Keeping,
    ) -> None:
        self._lake = lake
        self._persons = persons
        self._model = model
        self._attributes = attributes
        self._keeping = keeping

    def bring_up_to_date(
        self, now: datetime, *, rebuild: bool = False, on_progress: Progress = unseen
    ) -> PersonsIndexed:
        """Index what is not, have readers use the model's collection, and drop what is old.

        Args:
            now: What expired before is left out.
            rebuild: Fill a new collection beside the one that serves.
            on_progress: Is told recordings.

        Raises:
            CheckError: if the collection does not hold what it should; readers go on with theirs.
        """
        folders = [
            folder
            for folder in kept_folders(self._lake)
            if expires_at(folder, self._keeping.days) > now
        ]
        report = PersonsIndexed(recordings=len(folders))
        collections = self._persons.collections
        report.collection = (None if rebuild else self._writable()) or self._begin(report)
        collections.load(report.collection)
        self._persons.count(report.collection)  # what this strong read saw, the others see
        expected = 0
        for done, folder in enumerate(folders, start=1):
            expected += self._index_folder(folder, report)
            on_progress(done, len(folders), "")
        self._persons.delete_expired(report.collection, now)
        self._persons.flush(report.collection)
        self._check(report, folders)
        if self._persons.alias.serving() != report.collection:
            self._persons.alias.point_to(report.collection)
        report.dropped += drop_old(collections, self._keeping.old_days)
        return report

    def _writable(self) -> str | None:
        """Return the collection of the model that readers use or used."""
        found = self._persons.collections.live(self._model.name)
        if found is None or self._persons.collections.describe(found).building:
            return None
        return found

    def _begin(self, report: PersonsIndexed) -> str:
        """Begin a collection; those that nobody finished are dropped."""
        collections = self._persons.collections
        for name in collections.all():
            if collections.describe(name).building:
                collections.drop(name)
                report.dropped.append(name)
        return self._persons.begin(
            self._model.name, self._model.dim, self._keeping.index, ROWS_EXPECTED
        )

    def _index_folder(self, folder: str, report: PersonsIndexed) -> int:
        """Index the persons of a recording unless they are; return how many rows it has."""
        try:
            recorded, pictures = read_kept(self._lake, folder)
            held = self._persons.count(report.collection, recorded.told_by, "Bounded")
            if held and held == len(pictures):
                return held
            self._persons.delete_footage(report.collection, [recorded.footage])
            for batch in chunks(rows_of(recorded, pictures), BATCH):
                self._upsert(report.collection, recorded, batch, folder)
        except NotFoundError:  # forgotten meanwhile
            report.lost += 1
            return 0
        report.indexed += 1
        report.pictures += len(pictures)
        return len(pictures)

    def _upsert(
        self,
        collection: str,
        recorded: Recorded,
        batch: Sequence[tuple[str, KeptPicture]],
        folder: str,
    ) -> None:
        crops = read_pictures(self._lake, [picture.key for _, picture in batch])
        looks = self._attributes.look(crops)
        if self._model is self._attributes:
            rows: Embeddings = self._attributes.embed_looks(looks)
        else:
            rows = self._model.embed_images(crops).embeddings
        until = expires_at(folder, self._keeping.days)
        told = [
            self._row(row_id, recorded, picture, look, until)
            for (row_id, picture), look in zip(batch, looks, strict=True)
        ]
        self._persons.upsert(collection, told, rows)

    def _row(
        self,
        row_id: str,
        recorded: Recorded,
        picture: KeptPicture,
        look: Attributes,
        until: datetime,
    ) -> PersonRow:
        terms = seen_terms(look, shows_sensitive=self._keeping.shows_sensitive)
        return PersonRow(
            row_id=row_id,
            footage=recorded.footage,
            camera=recorded.camera,
            track_id=picture.track_id,
            seconds=picture.seconds,
            frame=picture.frame,
            filmed_at=recorded.at(picture.seconds),
            box_xyxy=picture.box_xyxy,
            terms=tuple(terms),
            caption=caption_of(look.probabilities),
            crop_key=picture.key,
            recording=recorded.recording,
            expires_at=until,
        )

    def _check(self, report: PersonsIndexed, folders: Sequence[str]) -> None:
        """Raise CheckError if a recording that was just indexed is not there whole."""
        report.rows = self._persons.count(report.collection)
        if report.lost or not folders:
            return
        recorded, pictures = read_kept(self._lake, folders[-1])
        held = self._persons.count(report.collection, recorded.told_by)
        if held != len(pictures):
            raise CheckError(
                f"gallery: {report.collection} holds {held} of {len(pictures)} pictures of "
                f"{recorded.recording}; run `cratewatch index-footage` again"
            )
