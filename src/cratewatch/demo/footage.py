"""Half a minute of the demo's shop floor: staged, analysed as any footage, and told with sales."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.observations import Observation
from cratewatch.finding.loading import load_finder
from cratewatch.footage.analysing import Analysis, FootageOptions
from cratewatch.footage.handled_files import HandledFiles
from cratewatch.footage.handlings import Handling
from cratewatch.footage.props import covers_of_catalog
from cratewatch.footage.recording import Filmed, record_run
from cratewatch.footage.run import Output
from cratewatch.footage.run_folder import read_handlings
from cratewatch.footage.sleeves import SleeveWatch
from cratewatch.footage.sources import open_source
from cratewatch.footage.staged import VIDEO, Staging, TrueHandling, stage
from cratewatch.intent.album_rows import Prices
from cratewatch.intent.periods import Till
from cratewatch.intent.spans import Span
from cratewatch.intent.telling import tell_intent
from cratewatch.lake.opening import open_lake
from cratewatch.pricing.rates import load_rates
from cratewatch.progress import Progress
from cratewatch.reports.footage.page import FootagePage
from cratewatch.reports.intent.page import write_page
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.settings import Settings

CLIP = Staging(seconds=30.0, fps=10.0, severity=0.3, seed=5)
FILMED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
STAGED, RUN, INTENT = "staged", "filmed", "intent.html"
SOLD_UNSEEN = 2
"""Albums that the till sold and nobody was seen with."""
WITHIN_S = 1.0
"""Seconds by which the start and the end of a handling may be off."""
PRICE = Decimal("14.90")


def film(settings: Settings, on_progress: Progress) -> dict[str, Any]:
    """Stage footage with the catalog's covers, analyse it, record it, and tell what was bought.

    Returns:
        How many handlings there are, how many were told, how many of these are of a known album,
        and of how many both the album and the times are right.
    """
    lake = open_lake(settings.lake)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        covers = covers_of_catalog(catalog, lake, CLIP.seed)
    staged = settings.home / STAGED
    truth = stage(
        staged, covers, CLIP, None, None, lambda done, total: on_progress(done, total, "staged")
    )
    run = settings.home / RUN
    with open_identifier(settings) as identifier:
        handled = _analyse(staged / VIDEO, run, identifier)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        record_run(run, catalog, lake, Filmed("floor", FILMED_AT, settings.crops_keep_days))
        catalog.audit.note("footage", str(run.absolute()), VIDEO, len(handled))
        _tell(catalog, settings, handled)
    known = sum(one.known for one in handled)
    return {
        "handlings": len(truth.handlings),
        "told": len(handled),
        "known": known,
        "rightly": told_rightly(truth.handlings, handled),
    }


def told_rightly(staged: Sequence[TrueHandling], handled: Sequence[Handling]) -> int:
    """Return of how many handlings the album was told, and when they began and ended."""
    return sum(
        any(
            one.cover_id == true.cover_id
            and abs(one.started_s - true.started_s) <= WITHIN_S
            and abs(one.ended_s - true.ended_s) <= WITHIN_S
            for one in handled
        )
        for true in staged
    )


def _analyse(video: Path, folder: Path, identifier: Identifier) -> list[Handling]:
    """Do what `cratewatch footage` does."""
    watch = SleeveWatch(load_finder(identifier.inference), identifier.namer)
    source = open_source(str(video))
    with contextlib.closing(source):
        analysis = Analysis(source, folder, FootageOptions(started_at=FILMED_AT))
        analysis.begin()
        files: list[Output] = [
            HandledFiles(folder, watch.handled),
            FootagePage(folder, video.name),
        ]
        analysis.run([watch], files)
    return read_handlings(folder)


def _tell(catalog: Catalog, settings: Settings, handled: Sequence[Handling]) -> None:
    """Write the intent report of the day, with a till that sold some of what was handled."""
    day = FILMED_AT.date()
    sold = list(_sold(catalog, handled))
    told = tell_intent(
        catalog,
        Span(day, day, settings.timezone),
        Till(sold, lambda _source: settings.timezone),
        Prices(settings.currency, load_rates(settings.rates_path)),
    )
    catalog.audit.note("intent", str(settings.home / INTENT), f"{day}", len(told.albums))
    write_page(told, open_lake(settings.lake), settings.home / INTENT)


def _sold(catalog: Catalog, handled: Sequence[Handling]) -> list[Observation]:
    """Return sales of every second known album that was handled, and of some that were not."""
    held = {one.artwork_id for one in handled}
    known = [one.artwork_id for one in handled if one.known]
    others = sorted({cover.artwork_id for cover in catalog.covers.all()} - held)
    artworks = [*known[::2], *islice(others, SOLD_UNSEEN)]
    wanted = sorted({artwork for artwork in artworks if artwork})
    releases = catalog.releases.of_artworks(wanted)
    firsts = [releases[artwork][0] for artwork in wanted if releases[artwork]]
    return [
        Observation(
            source="till",
            native_id=str(number),
            kind="sold",
            title=release.title,
            price=release.price or PRICE,
            currency=release.currency or "EUR",
            observed_at=FILMED_AT + timedelta(minutes=number),
            release_id=release.release_id,
        )
        for number, release in enumerate(firsts, start=1)
    ]
