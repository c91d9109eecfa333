"""Releases of the catalog, and their covers."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from cratewatch.catalog import browsing
from cratewatch.catalog.records import storable
from cratewatch.catalog.searching import ReleasesPage
from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json
from cratewatch.service.entrance import scope
from cratewatch.service.identifying import wanted_of
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem

Size = Literal["tile", "page", "original"]
SIDES_PX = {"tile": 240, "page": 640}
MOST_KEPT = 1024
"""Tiles in memory, some 12 kB each."""
FOR_GOOD = "private, max-age=31536000, immutable"
COVER_ID = r"^[0-9a-f]{64}$"

router = APIRouter(tags=["catalog"], dependencies=[Depends(scope("catalog"))])


@dataclass(frozen=True)
class Filters:
    """What a release must be, as a query string says it."""

    source: Annotated[str, Query(max_length=64)] = ""
    year: Annotated[str, Query(max_length=16, examples=["1970-1979"])] = ""
    genre: Annotated[str, Query(max_length=100)] = ""
    format: Annotated[str, Query(max_length=100)] = ""
    in_stock: bool = False
    withdrawn: bool = False


@router.get(
    "/v1/releases",
    response_model=schemas.Releases,
    responses=answers(),
    summary="Releases by their words",
)
def releases(
    parts: Annotated[Parts, Depends(parts_of)],
    filters: Annotated[Filters, Depends()],
    q: Annotated[str, Query(max_length=200, description="words, or how they begin")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """List releases whose artist, title, label, catno or barcode hold all words, best first."""
    page = search(parts, q, filters, limit, offset)
    shown = [asdict(one) for one in page.releases]
    return as_json({"releases": shown, "offset": offset, "more": page.more})


def search(parts: Parts, q: str, filters: Filters, limit: int, offset: int) -> ReleasesPage:
    """Return a page of releases; a Problem if a filter is none."""
    query = browsing.Query(storable(q), wanted=wanted_of(parts, filters))
    return parts.catalog.search.releases(query, limit, offset)


@router.get(
    "/v1/releases/{release_id:path}",
    response_model=schemas.WholeRelease,
    responses=answers(404),
    summary="All that is known of a release",
)
def release(
    release_id: Annotated[str, Path(max_length=1024, examples=[schemas.RELEASE_ID])],
    parts: Annotated[Parts, Depends(parts_of)],
) -> Response:
    """Tell all that the catalog holds of a release, as `cratewatch show --json` does."""
    return as_json(release_of(parts, release_id))


def release_of(parts: Parts, release_id: str) -> dict[str, Any]:
    """Return all that is known of a release; a Problem if there is none."""
    found = parts.catalog.browse.release(storable(release_id))
    if found is None:
        near = ", ".join(parts.catalog.browse.near(storable(release_id)))
        hint = f"; near it is {near}" if near else ""
        raise Problem(404, "not_found", f"{release_id[:200]}: no such release{hint}")
    return found


class Tiles:
    """Covers in the sizes of pages, made once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def of(self, cover_id: str, size: Size) -> bytes:
        """Return a cover as JPEG.

        Raises:
            Problem: if there is none, or it cannot be read.
        """
        kept = self._kept.get((cover_id, size))
        if kept is not None:
            return kept
        try:
            data = self._lake.read(cover_key(cover_id))
            if size == "original":
                return data
            file = io.BytesIO()
            decode(data, side_px=SIDES_PX[size]).save(file, "JPEG", quality=84)
        except (NotFoundError, ImageError) as error:
            raise Problem(404, "not_found", f"{cover_id}: the lake has no such cover") from error
        if size == "tile":
            self._kept[cover_id, size] = file.getvalue()
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return file.getvalue()


@router.get(
    "/v1/covers/{cover_id}",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture"},
        304: {"description": "As it was"},
        **answers(404),
    },
    summary="A cover",
)
def cover(
    request: Request,
    cover_id: Annotated[str, Path(pattern=COVER_ID, examples=["0" * 64])],
    size: Annotated[Size, Query()] = "page",
) -> Response:
    """Return a cover in a size; it never changes under its id."""
    tag = f'"{cover_id[:32]}-{size}"'
    headers = {"ETag": tag, "Cache-Control": FOR_GOOD}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    tiles: Tiles = request.app.state.tiles
    return Response(tiles.of(cover_id, size), headers=headers, media_type="image/jpeg")
