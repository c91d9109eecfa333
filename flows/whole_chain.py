"""The whole chain: refresh, index, and a renewal, which draws queries, trains and indexes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefect import flow

from cratewatch.indexing.agreement import IndexReport
from cratewatch.settings import load_settings
from flows.index_gallery import index
from flows.refresh_catalog import refresh_catalog
from flows.renew_model import renew
from flows.source_report import SourceReport
from workers.renewal_report import Renewal, RenewalReport


@dataclass(frozen=True)
class ChainReport:
    """What each link came to."""

    sources: list[SourceReport]
    index: IndexReport
    renewal: RenewalReport


@flow(name="whole-chain")
def whole_chain(home: Path, sources: list[str], renewal: Renewal | None = None) -> ChainReport:
    """Take a shop from its sources' pages to a model of its own that serves.

    Before the first index the model trained last serves from then on, or else the one that ships.

    Raises:
        CratewatchError: if a link fails; the next ones are left out, and what is done stays done.
    """
    settings = load_settings(home=home)
    reports = refresh_catalog.fn(settings.home, sources)
    indexed = index(settings, model="", rebuild=False)
    return ChainReport(reports, indexed, renew(settings, renewal or Renewal()))
