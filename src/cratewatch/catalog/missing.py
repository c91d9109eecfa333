"""Which listed releases a crawl did not see, and of which of these nothing is known."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from cratewatch.catalog.item_states import DONE
from cratewatch.catalog.records import KEY_DIGEST, MAX_KEY
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.catalog.schema_of_runs import ItemRow, StagedReleaseRow

PRODUCT_GONE = "product_gone"  # the page is there without the release that is listed from it
GONE = ("http_404", "http_410")  # the shop says that the page is no more: not a failure of ours
PAGE = func.coalesce(ReleaseRow.page_url, ReleaseRow.release_id)
"""What a release was read from."""


def listed(source: str) -> Select[Any]:
    """Return a query of the ids of the releases that a source lists."""
    return select(ReleaseRow.release_id).where(
        ReleaseRow.source == source, ReleaseRow.withdrawn_at.is_(None)
    )


def missing(run_id: str, source: str) -> Select[Any]:
    """Return a query of the ids of those that a run did not stage."""
    staged = exists().where(
        StagedReleaseRow.run_id == run_id,
        StagedReleaseRow.release_id == ReleaseRow.release_id,
    )
    return listed(source).where(~staged)


def gone(run_id: str, source: str) -> Select[Any]:
    """Return a query of the ids of those that a complete crawl found to be no longer listed."""
    return missing(run_id, source).where(~_is_doubtful(run_id))


def unreachable(run_id: str, source: str) -> Select[Any]:
    """Return a query of the ids of those that are missing and may be there all the same."""
    return missing(run_id, source).where(_is_doubtful(run_id))


def missing_first(run_id: str, source: str) -> Select[Any]:
    """Return a query of the ids of those whose page is there without them for the first time."""
    return missing(run_id, source).where(_is_missing_first(run_id))


def _is_doubtful(run_id: str) -> ColumnElement[bool]:
    return or_(_page_failed(run_id), _is_missing_first(run_id))


def _page_failed(run_id: str) -> ColumnElement[bool]:
    """Whether a release's page could not be read, so that nothing is known of the release."""
    return _page_is(run_id, ItemRow.state == "failed", ItemRow.reason.not_in((*GONE, PRODUCT_GONE)))


def _is_missing_first(run_id: str) -> ColumnElement[bool]:
    """Whether a release's page is there without it for the first time: it may be back tomorrow."""
    read = or_(ItemRow.state.in_(DONE), ItemRow.reason == PRODUCT_GONE)
    return and_(ReleaseRow.missing_since.is_(None), _page_is(run_id, read))


def _page_is(run_id: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        ItemRow.run_id == run_id, ItemRow.kind == "page", _key_of(PAGE), *conditions
    )


def _key_of(page: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the item's key is that of a page; of one too long for a key, its first part."""
    part = MAX_KEY - KEY_DIGEST
    shortened = func.substr(ItemRow.key, 1, part) == func.substr(page, 1, part)
    return or_(ItemRow.key == page, and_(func.length(page) > MAX_KEY, shortened))
