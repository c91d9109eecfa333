"""Recordings that were analysed: what each shows when, and its video, in which nobody is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from starlette.responses import FileResponse

from cratewatch.catalog.records import ListedRelease
from cratewatch.errors import NotFoundError
from cratewatch.footage.handlings import Handling
from cratewatch.footage.kept_runs import (
    KeptRun,
    events_of,
    find_run,
    handlings_of,
    kept_runs,
    run_folders,
)
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem
from flows.pruning import FOOTAGE

FOOTAGE_RUN = r"^[0-9a-f]{64}$"
MOST_RECORDINGS = 60

router = APIRouter(tags=["footage"], dependencies=[Depends(scope("footage"))])
Run = Annotated[str, Path(pattern=FOOTAGE_RUN, examples=["0" * 64])]
Open = Annotated[Parts, Depends(parts_of)]


@router.get(
    "/v1/footage",
    response_model=schemas.Recordings,
    responses=answers(),
    summary="Recordings that were analysed and are still there, the newest first",
)
def recordings(
    parts: Open, limit: Annotated[int, Query(ge=1, le=500)] = MOST_RECORDINGS
) -> Response:
    """List what can be looked at."""
    return as_json({"recordings": [told(one) for one in islice(_kept(parts), limit)]})


def recordings_of(parts: Parts) -> list[KeptRun]:
    """Return the recordings that were analysed last."""
    return list(islice(_kept(parts), MOST_RECORDINGS))


def _kept(parts: Parts) -> Iterator[KeptRun]:
    folders = run_folders(parts.settings.home / FOOTAGE, parts.catalog)
    return kept_runs(folders, parts.catalog)


def told(run: KeptRun) -> dict[str, Any]:
    """Return what is told of a recording."""
    return {
        "footage_run": run.footage_run,
        "name": run.name,
        "camera": run.camera,
        "filmed_at": run.filmed_at,
        "seconds": run.seconds,
        "persons": run.persons,
        "handlings": run.handlings,
        "known": run.known,
        "video": f"/v1/footage/{run.footage_run}/video" if run.video else None,
    }


@router.get(
    "/v1/footage/{footage_run}",
    response_model=schemas.WholeRecording,
    responses=answers(404),
    summary="What a recording shows when",
)
def recording(footage_run: Run, parts: Open) -> Response:
    """Tell the handlings and the events of a recording, in seconds since its first frame."""
    run = run_of(parts, footage_run)
    handled = [one.told() for one in handled_in(parts, run)]
    return as_json({**told(run), "handled": handled, "events": events_of(run)})


def run_of(parts: Parts, footage_run: str) -> KeptRun:
    """Return a recording that was analysed; a Problem if there is none."""
    found = find_run(parts.settings.home / FOOTAGE, parts.catalog, footage_run)
    if found is None:
        days = parts.settings.footage_keep_days
        raise Problem(
            404,
            "not_found",
            f"{footage_run[:16]}: its video is not on this machine; it is kept for {days:g} days",
        )
    return found


@dataclass(frozen=True)
class HandledThen:
    """A handling in the time of its recording, and the releases that it is of by now."""

    handling: Handling
    footage_run: str
    releases: Sequence[ListedRelease]
    has_picture: bool

    @property
    def title(self) -> str:
        """Say what was handled."""
        if not self.releases:
            return "a record"
        first = self.releases[0]
        return f"{first.artist}: {first.title}" if first.artist else first.title

    @property
    def picture(self) -> str | None:
        """Where its best picture is."""
        where = f"/v1/handlings/{self.footage_run}/{self.handling.handling_id}/picture"
        return where if self.has_picture else None

    def told(self) -> dict[str, Any]:
        """Return what is told of it."""
        one = self.handling
        return {
            "number": one.handling_id,
            "person": one.track_id,
            "started_s": one.started_s,
            "ended_s": one.ended_s,
            "cover_id": one.cover_id,
            "release_ids": [release.release_id for release in self.releases],
            "title": self.title,
            "probability": one.probability,
            "known": one.known,
            "picture": self.picture,
        }


def handled_in(parts: Parts, run: KeptRun) -> list[HandledThen]:
    """Return what was handled in a recording, by time."""
    handled = handlings_of(run)
    artworks = list(dict.fromkeys(one.artwork_id for one in handled if one.artwork_id))
    releases = parts.catalog.releases.of_artworks(artworks)
    pictured = parts.catalog.handlings.pictures(run.footage_run)
    return [
        HandledThen(
            handling=one,
            footage_run=run.footage_run,
            releases=releases.get(one.artwork_id or "", ()),
            has_picture=one.handling_id in pictured,
        )
        for one in handled
    ]


@router.get(
    "/v1/footage/{footage_run}/video",
    response_class=FileResponse,
    responses={
        200: {"content": {"video/mp4": {}}, "description": "All of it"},
        206: {"content": {"video/mp4": {}}, "description": "The range that was asked for"},
        416: {"description": "There is no such range"},
        **answers(404),
    },
    summary="The video of a recording",
)
def video(footage_run: Run, parts: Open) -> Response:
    """Return H.264 in ranges; persons are pixelated, and of a run where they are not there is none.

    No browser keeps it.
    """
    run = run_of(parts, footage_run)
    if run.video is None:
        why = "its file is gone" if run.is_hidden else "it shows persons as they are (--no-blur)"
        raise Problem(404, "no_video", f"{run.name}: no video is shown: {why}")
    return FileResponse(run.video, media_type="video/mp4", stat_result=run.video.stat())


@router.get(
    "/v1/handlings/{footage_run}/{number}/picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The sleeve, cut out and upright"},
        **answers(404),
    },
    summary="The best picture of a handled sleeve",
)
def picture(
    footage_run: Run, number: Annotated[int, Path(ge=0, le=2**31 - 1)], parts: Open
) -> Response:
    """Return the picture of a handling, until it expires."""
    key = parts.catalog.handlings.pictures(footage_run).get(number)
    if key is None:
        raise Problem(
            404, "not_found", f"{footage_run[:16]}, {number}: no picture, or none any more"
        )
    try:
        return Response(parts.lake.read(key), media_type="image/jpeg")
    except NotFoundError as error:
        raise Problem(404, "not_found", str(error)) from error
