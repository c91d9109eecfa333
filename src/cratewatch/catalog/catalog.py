"""The catalog's operations, each one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict

from sqlalchemy import func, select

from cratewatch.catalog.audit import Audit
from cratewatch.catalog.browsing import Browse
from cratewatch.catalog.changes import Changes
from cratewatch.catalog.comparing import compare
from cratewatch.catalog.copying import copy_source
from cratewatch.catalog.covers import Covers
from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now
from cratewatch.catalog.diff import apply_staged
from cratewatch.catalog.dumps import Dumps
from cratewatch.catalog.embeddings import EmbeddingBook
from cratewatch.catalog.entities import Entities
from cratewatch.catalog.failing import Failing
from cratewatch.catalog.handlings import Handlings
from cratewatch.catalog.images import Images
from cratewatch.catalog.item_states import save
from cratewatch.catalog.items import Items
from cratewatch.catalog.keys import Keys
from cratewatch.catalog.leases import Leases
from cratewatch.catalog.links import Links
from cratewatch.catalog.observations import Observation, Observations
from cratewatch.catalog.opening import open_database
from cratewatch.catalog.paces import Paces
from cratewatch.catalog.placeholders import PLACEHOLDER
from cratewatch.catalog.records import Diff, Item, Published, Release
from cratewatch.catalog.releases import Releases
from cratewatch.catalog.runs import Runs, note
from cratewatch.catalog.schema import CoverRow, IdentityRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import RunRow, StagedReleaseRow
from cratewatch.catalog.searching import Search
from cratewatch.catalog.staged_prices import StagedPrices, stage_prices
from cratewatch.catalog.statements import upsert
from cratewatch.secret_url import SecretUrl


def open_catalog(url: SecretUrl | str) -> Catalog:
    """Open the database at url; its tables are made, or migrated from an older version's.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user:password@host/database``.

    Raises:
        CratewatchError: if it cannot be opened, or if a newer cratewatch wrote it.
    """
    return Catalog(open_database(url))


class Catalog:
    """Releases, covers and offers.

    Attributes:
        releases: What is listed, or was.
        covers: The stored images of sleeves.
        runs: The book of runs.
        items: The ledger of what runs work on.
        leases: Which crawl works on which of them, and
        paces: how fast each host is asked by all; both are None on SQLite, which one machine has.
        images: What the addresses of stored images answered.
        changes: What each run changed, or would have changed.
        failing: What failed items are of.
        browse: Releases and covers for people who look for them.
        search: Releases by their words.
        dumps: Releases that come from dumps.
        entities: Masters, artists and labels of dumps.
        links: Which releases of several sources are one pressing.
        embeddings: What models have embedded and the gallery holds.
        observations: Prices that were seen.
        staged_prices: Those that runs have seen and not published.
        handlings: What was held on footage.
        audit: Which exports were made.
        keys: Who may ask the service.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self.releases = Releases(database)
        self.covers = Covers(database)
        self.runs = Runs(database)
        self.items = Items(database)
        shared = database.is_shared
        self.leases = Leases(database) if shared else None
        self.paces = Paces(database) if shared else None
        self.images = Images(database)
        self.changes = Changes(database)
        self.failing = Failing(database)
        self.browse = Browse(database)
        self.search = Search(database)
        self.dumps = Dumps(database)
        self.entities = Entities(database)
        self.links = Links(database)
        self.embeddings = EmbeddingBook(database)
        self.observations = Observations(database)
        self.staged_prices = StagedPrices(database)
        self.handlings = Handlings(database)
        self.audit = Audit(database)
        self.keys = Keys(database)

    def close(self) -> None:
        """Let go of the database; nothing else can be asked afterwards."""
        self._db.close()

    @property
    def catalog_id(self) -> str:
        """Which catalog this is: made up when its tables were made; a copy of it has the same."""
        with self._db.transaction() as session:
            return session.scalars(select(IdentityRow.catalog_id)).one()

    def one_writer(self) -> AbstractContextManager[None]:
        """Hold the catalog's lock for a block; see Database.one_writer."""
        return self._db.one_writer()

    def wait_for_writer(self, limit_s: float) -> AbstractContextManager[None]:
        """Hold the catalog's lock for a block, when whoever holds it has ended."""
        return self._db.one_writer(limit_s)

    def one_rebuild(self) -> AbstractContextManager[None]:
        """Let one process at a time build a collection; see Database.one_rebuild."""
        return self._db.one_rebuild()

    def one_renewal(self) -> AbstractContextManager[None]:
        """Let one process at a time renew the model that serves; see Database.one_renewal."""
        return self._db.one_renewal()

    def one_analysis(self) -> AbstractContextManager[None]:
        """Let one process at a time analyse footage; see Database.one_analysis."""
        return self._db.one_analysis()

    def copy_source(self, source: str, into: Catalog) -> None:
        """Copy what is known of a source into a catalog that knows nothing of it."""
        with self._db.transaction() as there, into._db.transaction() as here:
            copy_source(there, source, here)

    def check_writer(self) -> None:
        """Raise if the lock was lost meanwhile; see Database.check_writer."""
        self._db.check_writer()

    def stage(
        self,
        run_id: str,
        releases: Iterable[Release],
        items: Sequence[Item] = (),
        prices: Iterable[Observation] = (),
    ) -> None:
        """Keep what a crawl sees, and how far its items are, in one transaction.

        A release seen twice keeps the later sight.
        """
        latest = {release.release_id: release for release in releases}
        rows = [
            {
                "run_id": run_id,
                "release_id": release_id,
                "content_hash": release.content_hash(),
                "data": release.to_json(),
            }
            for release_id, release in latest.items()
        ]
        with self._db.transaction() as session:
            upsert(session, StagedReleaseRow, rows)
            stage_prices(session, run_id, prices)
            save(session, run_id, items)

    def staged(self, run_id: str) -> dict[str, str | None]:
        """Return the page URL of each release that the run has staged, by release_id."""
        query = select(StagedReleaseRow).where(StagedReleaseRow.run_id == run_id)
        with self._db.transaction() as session:
            rows = session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
            return {row.release_id: Release.from_json(row.data).page_url for row in rows}

    def apply_crawl(
        self,
        run_id: str,
        source: str,
        *,
        complete: bool,
        max_withdrawn_share: float = 1.0,
        max_changed_share: float = 1.0,
    ) -> Diff:
        """Apply a run's staged releases and keep what changed, or would have, in one transaction.

        The difference becomes the run's report["diff"] with it: a run that has one is applied,
        and is not applied again. That of a refused run becomes report["would"].

        Args:
            complete: Whether the crawl saw every listing page; if not, nothing is withdrawn.
            max_withdrawn_share: Of the source's listed releases; more is taken for a broken
                source.
            max_changed_share: So many of them may get another title or artist.

        Raises:
            RefusedError: if more would be withdrawn or renamed; no release is changed then.
        """
        self.check_writer()
        with self._db.transaction() as session:
            applied = (session.get_one(RunRow, run_id).report or {}).get("diff")
            if applied is not None:
                return Diff(**applied)
            found = compare(session, run_id, source, complete=complete)
            refusal = found.refusal(max_withdrawn_share, max_changed_share)
            if refusal is None:
                apply_staged(session, run_id, source, complete=complete, now=now())
            note(session, run_id, {"would" if refusal else "diff": asdict(found.diff)})
        if refusal is not None:  # raised within the transaction it would undo what it tells of
            raise refusal
        return found.diff

    def publish_prices(self, run_id: str) -> Published:
        """Add a run's staged prices to the observations, and note how many they were.

        That becomes the run's report["published"]; a run that has one has published. One that
        was killed before it noted that publishes again, which doubles nothing.
        """
        self.check_writer()
        with self._db.transaction() as session:
            done = (session.get_one(RunRow, run_id).report or {}).get("published")
        if done is not None:
            return Published(**done)
        prices = self.staged_prices.count(run_id)
        new = self.observations.add(self.staged_prices.of(run_id))
        published = Published(new, prices - new)
        self.runs.note(run_id, published=asdict(published))
        return published

    def counts(self) -> dict[str, int]:
        """Return the numbers that status shows."""
        listed = ReleaseRow.withdrawn_at.is_(None)
        queries = {
            "releases": select(func.count()).select_from(ReleaseRow).where(listed),
            "withdrawn": select(func.count()).select_from(ReleaseRow).where(~listed),
            "covers": select(func.count()).select_from(CoverRow),
            "artworks": select(func.count(CoverRow.artwork_id.distinct())).where(
                CoverRow.artwork_id != PLACEHOLDER
            ),
            "releases_without_cover": select(func.count())
            .select_from(ReleaseRow)
            .where(listed, ReleaseRow.cover_id.is_(None)),
        }
        with self._db.transaction() as session:
            return {name: session.scalar(query) or 0 for name, query in queries.items()}
