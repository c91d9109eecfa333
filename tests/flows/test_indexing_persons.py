"""Persons of nights: gathered with the analysis, indexed after it, forgotten in time."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.gallery.person_rows import PersonsWanted
from cratewatch.lake.opening import open_lake
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings, load_settings
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.gathering import PersonPicture, PersonTrack
from cratewatch.words.kept import PERSONS, Keeper, Recorded
from cratewatch.words.models import shipped_attributes
from cratewatch.words.opening import open_persons
from cratewatch.words.ranking import Cut
from cratewatch.words.searching import WordSearch
from flows.analysing_footage import Clip, FootageError, analyse_footage
from flows.keeping import forget_old_persons
from flows.recordings import sha256_of
from tests.cratewatch.words.told_persons import FIGURES, picture
from tests.flows.analysed import analyse, write_recordings

NOW = datetime.now(UTC)


def analyse_and_keep(settings: Settings, clip: Clip, folder: Path) -> None:
    """Leave handlings, and two persons."""
    analyse(settings, clip, folder)
    recorded = Recorded(sha256_of(clip.file), clip.told.camera, NOW, NOW, str(clip.file))
    keeper = Keeper(open_lake(settings.lake), recorded)
    for number, (box, _, _) in enumerate(FIGURES, start=1):
        x1, y1, x2, y2 = (int(side) for side in box)
        pixels = picture()[y1:y2, x1:x2]
        keeper.keep(PersonTrack(number, (PersonPicture(7, 0.7, box, 0.9, pixels),)))
    keeper.finish()


@pytest.fixture
def settings(empty_home: Path) -> Settings:
    return load_settings(home=empty_home)


def found(settings: Settings, prompt: str) -> int:
    with closing(open_catalog(settings.catalog_url)) as catalog:
        owner = catalog.catalog_id
    with open_persons(settings, owner) as persons:
        search = WordSearch(
            open_lake(settings.lake), persons, AttributeSearch(shipped_attributes())
        )
        return len(search.search(prompt, PersonsWanted(NOW), Cut()).moments)


def test_a_night_makes_persons_searchable(settings: Settings, tmp_path: Path) -> None:
    folder = str(write_recordings(tmp_path / "recordings", 2))
    report = analyse_footage(settings, [folder], "", analyse_and_keep)
    assert (report.persons, report.error) == (4, None)
    assert found(settings, "orange hoodie") == 2, "one in each recording"
    again = analyse_footage(settings, [folder], "", analyse_and_keep)
    assert (again.analysed, again.persons) == (0, 0)


def test_a_gallery_that_is_away_is_told_and_made_up_for(settings: Settings, tmp_path: Path) -> None:
    folder = str(write_recordings(tmp_path / "recordings", 1))
    gone = settings.model_copy(update={"gallery_uri": SecretUrl("http://127.0.0.1:9")})
    with pytest.raises(FootageError, match=r"persons are not indexed: gallery http://127\.0"):
        analyse_footage(gone, [folder], "", analyse_and_keep)
    assert analyse_footage(settings, [folder], "", analyse_and_keep).persons == 2
    assert found(settings, "orange hoodie") == 1


def test_a_night_forgets_what_has_expired(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(write_recordings(tmp_path / "recordings", 1))
    analyse_footage(settings, [folder], "", analyse_and_keep)
    with closing(open_catalog(settings.catalog_url)) as catalog:
        assert forget_old_persons(settings, catalog).recordings == 0
        later = NOW + timedelta(days=settings.footage_keep_days, minutes=1)
        monkeypatch.setattr("flows.keeping.now", lambda: later)
        assert forget_old_persons(settings, catalog).pictures == 2
    assert list(open_lake(settings.lake).keys(PERSONS)) == []
    assert found(settings, "orange hoodie") == 0
