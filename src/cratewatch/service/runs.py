"""What the nights did, and what is running now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from cratewatch.catalog.records import storable
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem, away

EVERY_S = 2.0
STREAM_S = 600.0
"""How long a browser is told before it has to come again, and show its key again."""

router = APIRouter(tags=["nights"], dependencies=[Depends(scope("nights"))])


@router.get(
    "/v1/runs", response_model=schemas.Runs, responses=answers(), summary="Runs, newest first"
)
def runs(
    parts: Annotated[Parts, Depends(parts_of)],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    kind: Annotated[str, Query(max_length=128, examples=["refresh-my-shop"])] = "",
) -> Response:
    """List runs with what they reported."""
    return as_json({"runs": parts.catalog.runs.latest(limit, storable(kind) or None)})


@router.get(
    "/v1/runs/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events named `running`"},
        **answers(),
    },
    summary="What is running, as it goes",
)
async def events(request: Request) -> StreamingResponse:
    """Send the runs that are under way, and how far each is, whenever that changes."""
    parts = parts_of(request)
    if parts.streams >= parts.limits.streams:
        raise away(f"{parts.streams} listen already", "busy", 30)
    return StreamingResponse(_events(parts), media_type="text/event-stream")


async def _events(parts: Parts) -> AsyncIterator[str]:
    parts.streams += 1
    before = None
    try:
        async with asyncio.timeout(STREAM_S):
            while not parts.leaving.is_set():
                now = json.dumps(await run_in_threadpool(running, parts))
                yield ": still here\n\n" if now == before else f"event: running\ndata: {now}\n\n"
                before = now
                try:
                    async with asyncio.timeout(EVERY_S):
                        await parts.leaving.wait()
                except TimeoutError:
                    continue
    except TimeoutError:
        return
    finally:
        parts.streams -= 1


def running(parts: Parts) -> list[dict[str, Any]]:
    """Return the runs that are under way, and how many items of each kind are in which state."""
    under_way = parts.catalog.runs.under_way()
    return [{"run_id": one, "items": parts.catalog.items.states(one)} for one in under_way]


@router.get(
    "/v1/runs/{run_id}",
    response_model=schemas.Run,
    responses=answers(404),
    summary="One run",
)
def run(
    run_id: Annotated[str, Path(max_length=192)], parts: Annotated[Parts, Depends(parts_of)]
) -> Response:
    """Tell what a run reported."""
    return as_json(run_of(parts, run_id))


def run_of(parts: Parts, run_id: str) -> dict[str, Any]:
    """Return a run; a Problem if there is none."""
    found = parts.catalog.runs.row(storable(run_id))
    if found is None:
        raise Problem(404, "not_found", f"{run_id}: no such run")
    return found
