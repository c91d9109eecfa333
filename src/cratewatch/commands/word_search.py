"""Searches by words as a command is asked to: one video, or what is indexed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.footage.detecting import Detector
    from cratewatch.settings import Settings
    from cratewatch.words.models import Models
    from cratewatch.words.searching import Found, Moment

MOMENTS = "moments.mp4"
"""What lies around the moments, persons unknown."""


@dataclass(frozen=True)
class Asked:
    """What the command was given.

    Attributes:
        sim_thres: Similarity below which nobody fits.
        top: How many at most.
        model: Folder of a model; None for that of the settings.
        captions: Folder of a model that makes captions; None for that of the settings.
        hides: Whether persons are made unknown on what is written.
        result_dir: Where that goes; None for nowhere.
    """

    prompt: str
    sim_thres: float
    top: int
    conf: float
    sampling_rate: int
    detector: Path | None
    model: Path | None
    captions: Path | None
    camera: str
    since: str | None
    until: str | None
    facets: tuple[str, ...]
    hides: bool
    result_dir: Path | None


@dataclass(frozen=True)
class Told:
    """What the command answers.

    Attributes:
        searched: What was searched: a video, or the index.
        people: Persons in the video; None of an index.
        frames_per_s: How fast the video was looked at; None of an index.
    """

    found: Found
    searched: str
    result_dir: Path | None
    people: int | None = None
    frames_per_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        from cratewatch.reports.words.page import told_moment

        found = self.found
        return {
            "prompt": found.prompt,
            "searched": self.searched,
            "by": found.explained.by,
            "answered": list(found.explained.answered),
            "not_answered": list(found.explained.left),
            "nothing": found.nothing,
            "nearest": found.nearest,
            "people": self.people,
            "frames_per_s": self.frames_per_s,
            "facets": found.facets,
            "results": [told_moment(moment) for moment in found.moments],
        }


def search_video(settings: Settings | None, where: str, asked: Asked) -> Told:
    """Search one video, and write what was found.

    Raises:
        CratewatchError: if it cannot be read, or the prompt says nothing that is answered here.
    """
    from cratewatch.footage.sources import open_source
    from cratewatch.reports.words.page import require_own
    from cratewatch.words.explaining import explain
    from cratewatch.words.film import search_film
    from cratewatch.words.looking import LookingOptions
    from cratewatch.words.ranking import Cut

    if asked.camera or asked.since or asked.until or asked.facets:
        raise CratewatchError(
            "--camera, --from, --to and --facet narrow what is indexed; leave them out, or "
            "--file_path"
        )
    models = _models(settings, asked)
    explain(asked.prompt, models.model)
    if asked.result_dir:
        require_own(asked.result_dir)
    given = {"detector": asked.detector} if asked.detector else {}
    options = LookingOptions(conf=asked.conf, sampling_rate=asked.sampling_rate, **given)
    with contextlib.closing(open_source(where)) as source:
        film = search_film(
            source, options, models.model, asked.prompt, Cut(asked.sim_thres, asked.top)
        )
    if settings is not None:
        _note(settings, asked, where, len(film.found.moments))
    if asked.result_dir:
        _write_film(where, asked, film.found, [one.pixels for one in film.pictures])
    rate = round(film.summary.frames_per_s, 1)
    return Told(film.found, where, asked.result_dir, film.people, rate)


def search_index(settings: Settings, asked: Asked) -> Told:
    """Search what is indexed, and write what was found.

    Raises:
        NotFoundError: if nobody is indexed.
        CratewatchError: if the prompt says nothing that is answered here, or the gallery is away.
    """
    from zoneinfo import ZoneInfo

    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.gallery.person_rows import PersonsWanted
    from cratewatch.lake.opening import open_lake
    from cratewatch.words.opening import open_persons
    from cratewatch.words.ranking import Cut
    from cratewatch.words.searching import WordSearch
    from cratewatch.words.times import read_span

    models = _models(settings, asked)
    since, until = read_span(asked.since, asked.until, ZoneInfo(settings.timezone))
    wanted = PersonsWanted(datetime.now(UTC), asked.camera, since, until, asked.facets)
    lake = open_lake(settings.lake)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        owner = catalog.catalog_id
    with open_persons(settings, owner) as persons:
        search = WordSearch(
            lake,
            persons,
            models.model,
            before=models.before,
            shows_sensitive=settings.facets_of_persons,
        )
        found = search.search(asked.prompt, wanted, Cut(asked.sim_thres, asked.top))
    _note(settings, asked, "index", len(found.moments))
    if asked.result_dir:
        _write_index(settings, asked, found)
    return Told(found, "index", asked.result_dir)


def _models(settings: Settings | None, asked: Asked) -> Models:
    from cratewatch.words.models import models_of, open_models

    if asked.model or settings is None:
        shows = settings is not None and settings.facets_of_persons
        return open_models(asked.model, asked.captions, tells_sex=shows)
    if asked.captions:
        settings = settings.model_copy(update={"words_captions": str(asked.captions)})
    return models_of(settings)


def _note(settings: Settings, asked: Asked, where: str, people: int) -> None:
    """Write into the audit who searched for whom, before anything is shown."""
    from cratewatch.catalog.catalog import open_catalog

    narrowed = [asked.camera, asked.since or "", asked.until or "", *asked.facets]
    detail = " | ".join([asked.prompt, *filter(None, narrowed)])
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        catalog.audit.note("words", where, detail, people)


def _detector(asked: Asked) -> Detector | None:
    from cratewatch.footage.detecting import SHIPPED_DETECTOR, Detector

    return Detector(asked.detector or SHIPPED_DETECTOR) if asked.hides else None


def _write_film(where: str, asked: Asked, found: Found, crops: Sequence[Any]) -> None:
    """Write the results of one video: its frames are read anew."""
    from cratewatch.footage.sources import open_source
    from cratewatch.reports.words.page import (
        begin_results,
        frame_name,
        write_picture,
        write_results,
    )
    from cratewatch.words.showing import show_moments

    assert asked.result_dir
    folder = asked.result_dir
    begin_results(folder)
    _write_crops(folder, found, crops, hides=asked.hides)
    video = folder / MOMENTS if found.moments else None
    with contextlib.closing(open_source(where)) as source:
        for moment, canvas in show_moments(source, found.moments, _detector(asked), video):
            write_picture(folder, frame_name(moment), canvas)
    write_results(folder, found, {moment.rank: MOMENTS for moment in found.moments})


def _write_index(settings: Settings, asked: Asked, found: Found) -> None:
    """Write the results of a search of the index; a recording that is there shows its frame."""
    from cratewatch.lake.opening import open_lake
    from cratewatch.reports.words.page import (
        begin_results,
        frame_name,
        write_picture,
        write_results,
    )
    from cratewatch.words.kept import read_pictures
    from cratewatch.words.showing import frame_of, shown_frame

    assert asked.result_dir
    folder = asked.result_dir
    begin_results(folder)
    crops = read_pictures(open_lake(settings.lake), [one.crop_key for one in found.moments])
    _write_crops(folder, found, crops, hides=asked.hides)
    detector = _detector(asked)
    videos = _videos_of(settings, found.moments, hides=asked.hides)
    moments = []
    for moment in found.moments:
        frame = frame_of(moment)
        if frame is not None:
            canvas = shown_frame(frame, [moment.box], detector)
            write_picture(folder, frame_name(moment), canvas)
        gone = frame is None and not moment.note
        moments.append(replace(moment, note="its frame cannot be read") if gone else moment)
    write_results(folder, replace(found, moments=moments), videos)


def _videos_of(settings: Settings, moments: Sequence[Moment], *, hides: bool) -> dict[int, str]:
    """Return the addresses of videos that show moments, by their ranks.

    They are what runs drew, persons unknown; recordings themselves only if nobody is to be hidden.
    """
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.footage.kept_runs import find_run
    from flows.pruning import FOOTAGE

    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        runs = {
            key: find_run(settings.home / FOOTAGE, catalog, key)
            for key in {moment.footage for moment in moments}
        }
    videos: dict[int, str] = {}
    for moment in moments:
        run, recording = runs[moment.footage], Path(moment.recording)
        video = run.video if run else None
        if video is None and not hides and recording.is_file():
            video = recording
        if video:
            videos[moment.rank] = video.absolute().as_uri()
    return videos


def _write_crops(folder: Path, found: Found, crops: Sequence[Any], *, hides: bool) -> None:
    from cratewatch.reports.words.page import crop_name, write_picture
    from cratewatch.words.showing import shown_crop

    for moment, crop in zip(found.moments, crops, strict=True):
        write_picture(folder, crop_name(moment), shown_crop(crop, hides=hides))
