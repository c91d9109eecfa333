"""From footage to rows and back: gathered, indexed, found, forgotten, by a real Milvus."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cratewatch.embedding.inference import Inference
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.sources import open_source
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.person_rows import PersonsWanted
from cratewatch.gallery.persons import Persons
from cratewatch.lake.folder import FolderLake
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.attributes import Attributes
from cratewatch.words.colours import ColourNamer, ColoursBefore
from cratewatch.words.forgetting import forget_persons
from cratewatch.words.indexing import Keeping, PersonIndexer
from cratewatch.words.kept import PERSONS, TOLD, kept_folders, read_kept, read_pictures
from cratewatch.words.loading import load_text_image
from cratewatch.words.looking import LookingOptions
from cratewatch.words.person_attributes import PersonAttributes
from cratewatch.words.ranking import Cut
from cratewatch.words.recordings import Gathered, gather_recording
from cratewatch.words.searching import Found, WordSearch
from cratewatch.words.text_image import TextImageModel
from tests.cratewatch.words.tiny_models import save_blip
from tests.cratewatch.words.told_persons import FIGURES, detector, footage

pytestmark = pytest.mark.heavy

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STARTED = NOW - timedelta(hours=3)
KEEPING = Keeping(days=7)


class Shop:
    """A lake, a gallery and a video of two persons."""

    def __init__(self, folder: Path, persons: Persons) -> None:
        self.lake = FolderLake(folder / "lake")
        self.persons = persons
        self.video = footage(folder / "door.mp4")
        self.options = LookingOptions(sampling_rate=5, detector=detector(folder / "told.onnx"))
        self.attributes = AttributeSearch()

    def gather(self, camera: str = "door", started_at: datetime | None = STARTED) -> Gathered:
        with contextlib.closing(open_source(str(self.video))) as source:
            return gather_recording(
                self.lake, source, self.options, camera=camera, started_at=started_at, now=NOW
            )

    def indexer(self, model: TextImageModel | None = None) -> PersonIndexer:
        chosen = model or self.attributes
        return PersonIndexer(self.lake, self.persons, chosen, self.attributes, KEEPING)

    def gather_and_index(self) -> None:
        self.gather()
        self.indexer().bring_up_to_date(NOW)

    def find(self, prompt: str, model: TextImageModel | None = None, **wanted: object) -> Found:
        search = WordSearch(self.lake, self.persons, model or self.attributes)
        narrowed = replace(PersonsWanted(NOW), **wanted)  # type: ignore[arg-type]
        return search.search(prompt, narrowed, Cut(least=-1.0 if model else 0.35))

    def forget(self, now: datetime) -> tuple[int, int]:
        gone = forget_persons(
            self.lake, lambda: contextlib.nullcontext(self.persons), KEEPING.days, now
        )
        return gone.recordings, gone.pictures


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_gallery(str(tmp_path / "gallery.db"), owner="shop") as gallery:
        yield Shop(tmp_path, Persons(gallery))


def test_who_is_described_is_found(shop: Shop) -> None:
    gathered = shop.gather()
    assert (gathered.is_known, gathered.frames) == (False, 12)
    assert 2 <= gathered.pictures <= 6
    indexed = shop.indexer().bring_up_to_date(NOW)
    assert (indexed.recordings, indexed.indexed, indexed.rows) == (1, 1, gathered.pictures)

    found = shop.find("somebody in an orange hoodie and blue trousers")
    (moment,) = found.moments
    assert moment.similarity > 0.8
    assert moment.caption == "orange above, blue below"
    assert (moment.camera, moment.by, moment.note) == ("door", "colour", "")
    assert moment.at == STARTED + timedelta(seconds=moment.t)
    np.testing.assert_allclose(moment.box, FIGURES[0][0], atol=3)
    assert moment.recording == str(shop.video)
    seen = ("upper:orange", "upper:green", "lower:black", "lower:blue")
    assert found.facets == dict.fromkeys(seen, 1)
    (green,) = shop.find("초록색 셔츠").moments
    assert green.track_id != moment.track_id


def test_nothing_fits(shop: Shop) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    found = shop.find("pink skirt")
    assert found.moments == []
    assert found.nothing.startswith("nothing fits; the nearest has 0.0")
    assert shop.find("orange hoodie", camera="till").nothing.startswith("nobody is there")


def test_facets_narrow_before(shop: Shop) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    assert shop.find("orange hoodie", facets=("upper:orange",)).moments
    assert not shop.find("orange hoodie", facets=("upper:green",)).moments
    with pytest.raises(CratewatchError, match="--facet: 'female' is off; set facets_of_persons"):
        shop.find("orange hoodie", facets=("female",))
    with pytest.raises(CratewatchError, match="is none of hat,"):
        shop.find("orange hoodie", facets=('upper:orange") or ("',))


def test_indexed_again_nothing_is_done(shop: Shop) -> None:
    shop.gather()
    first = shop.indexer().bring_up_to_date(NOW)
    assert shop.gather().is_known
    again = shop.indexer().bring_up_to_date(NOW)
    assert (again.indexed, again.pictures, again.rows) == (0, 0, first.rows)


def test_told_another_time_it_is_gathered_again(shop: Shop) -> None:
    shop.gather(started_at=None)
    shop.indexer().bring_up_to_date(NOW)
    assert shop.find("orange hoodie").moments[0].at is None
    assert not shop.gather().is_known
    assert len(kept_folders(shop.lake)) == 1
    shop.indexer().bring_up_to_date(NOW)
    assert shop.find("orange hoodie").moments[0].at is not None


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("after", range(6))
def test_killed_anywhere_it_goes_on(
    shop: Shop, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def dying(name: str, kind: type) -> None:
        real = getattr(kind, name)

        def call(self: object, *args: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls > after:
                raise KilledError
            return real(self, *args, **options)

        monkeypatch.setattr(kind, name, call)

    for name, kind in (("write", FolderLake), ("upsert", Persons), ("flush", Persons)):
        dying(name, kind)
    with pytest.raises(KilledError):
        shop.gather_and_index()
    monkeypatch.undo()
    shop.gather()
    report = shop.indexer().bring_up_to_date(NOW)
    _, pictures = read_kept(shop.lake, kept_folders(shop.lake)[0])
    assert report.rows == len(pictures)
    assert shop.persons.collections.all() == [report.collection]
    assert len(shop.find("orange hoodie").moments) == 1


def test_footage_expires(shop: Shop) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    assert shop.forget(NOW) == (0, 0)
    later = STARTED + timedelta(days=7, seconds=1)
    late = PersonsWanted(later)
    search = WordSearch(shop.lake, shop.persons, shop.attributes)
    assert search.search("orange hoodie", late, Cut()).nothing.startswith("nobody"), (
        "not yet deleted"
    )
    recordings, pictures = shop.forget(later)
    assert (recordings, pictures > 0) == (1, True)
    assert list(shop.lake.keys(PERSONS)) == []
    for collection in shop.persons.collections.all():
        assert shop.persons.count(collection) == 0
    assert shop.indexer().bring_up_to_date(later).recordings == 0


def test_killed_while_it_forgets_the_next_night_does_it(shop: Shop) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    later = NOW + timedelta(days=8)

    def away() -> contextlib.AbstractContextManager[Persons]:
        raise CratewatchError("away")

    with pytest.raises(CratewatchError, match="away"):
        forget_persons(shop.lake, away, KEEPING.days, later)
    assert [key.rpartition("/")[2] for key in shop.lake.keys(PERSONS)] == [TOLD]
    assert shop.forget(later) == (1, 0)
    assert list(shop.lake.keys(PERSONS)) == []


def test_a_recording_that_is_gone_is_said_to_be(shop: Shop) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    shop.video.unlink()
    assert shop.find("orange hoodie").moments[0].note == "the recording is no longer there"


def test_another_model_is_built_beside_and_two_stages_rank(shop: Shop, tmp_path: Path) -> None:
    shop.gather()
    shop.indexer().bring_up_to_date(NOW)
    save_blip(tmp_path / "blip")
    exact = Inference(precision="fp32", device="cpu")
    model = load_text_image(tmp_path / "blip", inference=exact)
    with pytest.raises(NotFoundError, match="and not by blip_"):
        shop.find("orange hoodie", model)
    blue = shop.persons.alias.serving()
    report = shop.indexer(model).bring_up_to_date(NOW)
    assert report.collection == shop.persons.alias.serving() == model.name
    assert shop.find("orange hoodie").moments, f"{blue} is kept for whoever still asks by it"

    found = shop.find("a woman in an orange hoodie", model)
    assert len(found.moments) == 2
    assert [one.score for one in found.moments] == sorted(
        (one.score for one in found.moments), reverse=True
    )
    for moment in found.moments:
        crop = read_pictures(shop.lake, [moment.crop_key])
        embedded = model.embed_images(crop, keeps_tokens=True)
        assert embedded.tokens is not None
        logit = float(model.match(found.prompt, embedded.tokens)[0])
        cosine = float(embedded.embeddings[0] @ model.embed_texts([found.prompt])[0])
        assert moment.score == pytest.approx(logit + cosine, abs=1e-4)


def test_a_video_without_persons(shop: Shop) -> None:
    shop.options = replace(shop.options, detector=detector(shop.video.parent / "n.onnx", ()))
    assert shop.gather().pictures == 0
    assert shop.indexer().bring_up_to_date(NOW).rows == 0
    assert shop.find("orange hoodie").nothing == "nobody is there to be searched for"


def test_an_index_from_before_answers_until_there_is_a_newer_one(shop: Shop) -> None:
    before = AttributeSearch(colours=ColoursBefore())
    told = AttributeSearch(colours=_ToldAsBefore())
    assert told.name == before.name
    shop.gather()
    PersonIndexer(shop.lake, shop.persons, told, told, KEEPING).bring_up_to_date(NOW)
    now = AttributeSearch(PersonAttributes())

    def find(prompt: str) -> Found:
        search = WordSearch(shop.lake, shop.persons, now, before=(before,))
        return search.search(prompt, PersonsWanted(NOW), Cut())

    found = find("orange hoodie")
    assert found.moments
    assert str(found.explained) == "orange: by colour; not answered: hoodie"
    with pytest.raises(CratewatchError, match="hat: neither a colour"):
        find("hat")
    PersonIndexer(shop.lake, shop.persons, now, now, KEEPING).bring_up_to_date(NOW)
    found = find("orange hoodie")
    assert found.moments
    assert str(found.explained) == "orange · hoodie as long sleeves: by colour and attributes"
    assert find("no hat").explained.answered == ("no hat",)


class _ToldAsBefore(ColoursBefore):
    """Tells the colours that an older index was made of."""

    def look(self, crops: Sequence[np.ndarray]) -> list[Attributes]:
        looks = ColourNamer().look(crops)
        return [Attributes({t: look.probabilities[t] for t in self.terms}) for look in looks]
