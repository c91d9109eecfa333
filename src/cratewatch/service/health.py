"""Whether the service lives, whether it answers, and its figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from cratewatch.service.answers import answers
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import away

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """That the service lives."""

    status: str = "alive"


class Ready(BaseModel):
    """What answers."""

    status: str = "ready"
    model: str


@router.get("/healthz", summary="Whether the service lives")
async def healthz() -> Alive:
    """Answer as long as the process does."""
    return Alive()


@router.get("/readyz", responses={503: answers()[503]}, summary="Whether pictures are answered")
async def readyz(parts: Annotated[Parts, Depends(parts_of)]) -> Ready:
    """Answer once a model is warm, and not while something that it needs is away."""
    serving = parts.serving
    if serving.why_not or serving.model is None:
        raise away(serving.why_not)
    return Ready(model=serving.model)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Figures"}, **answers()},
    dependencies=[Depends(scope("metrics"))],
    summary="Figures for Prometheus",
)
def metrics(parts: Annotated[Parts, Depends(parts_of)]) -> Response:
    """Tell the figures of the service and of the nights."""
    return Response(parts.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
