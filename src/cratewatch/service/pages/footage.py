"""The pages of footage: recordings with their videos, handlings, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from cratewatch.catalog.handlings import SeenHandling
from cratewatch.errors import NotFoundError
from cratewatch.footage.kept_runs import KeptRun, events_of
from cratewatch.service.entrance import scope
from cratewatch.service.footage import handlings_of, intent_of
from cratewatch.service.pages.rendering import page
from cratewatch.service.pages.timeline import board, moments, stays_of
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.recordings import Run, handled_in, recordings_of, run_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(scope("footage"))])
Open = Annotated[Parts, Depends(parts_of)]


@router.get("/footage")
def footage(request: Request, parts: Open) -> Response:
    """Show what was held on footage."""
    found = handlings_of(parts)
    recorded = recordings_of(parts)
    ids = list({handling.release_ids[0] for handling in found if handling.release_ids})
    return page(
        request,
        "footage.html",
        handlings=found,
        releases=parts.catalog.releases.by_id(ids),
        cameras=parts.catalog.handlings.counts(),
        recordings=recorded,
        seconds=_seconds(found, recorded),
    )


def _seconds(
    handlings: Sequence[SeenHandling], recordings: Sequence[KeptRun]
) -> dict[tuple[str, int], float]:
    """Return when in its video each handling begins that a video shows, in seconds."""
    filmed = {one.footage_run: one.filmed_at for one in recordings if one.video and one.filmed_at}
    return {
        (one.footage_run, one.number): (one.started_at - begun).total_seconds()
        for one in handlings
        if (begun := filmed.get(one.footage_run)) is not None
    }


@router.get("/footage/{footage_run}")
def recording(
    request: Request,
    parts: Open,
    footage_run: Run,
    t: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0,
) -> Response:
    """Show a recording from a moment on, with marks of what happens in it."""
    run = run_of(parts, footage_run)
    handled, stays = handled_in(parts, run), stays_of(events_of(run), run.seconds)
    return page(
        request,
        "recording.html",
        run=run,
        start_s=min(t, run.seconds),
        handled=handled,
        board=board(run.seconds, stays, [one.handling for one in handled]),
        moments=moments(handled, stays),
    )


@router.get("/intent")
def intent(request: Request, parts: Open) -> Response:
    """Show what was handled against what was sold."""
    try:
        told, why_not = intent_of(parts), ""
    except NotFoundError as error:
        told, why_not = None, str(error)
    return page(request, "intent.html", told=told, why_not=why_not)
