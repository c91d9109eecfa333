import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.schema import ImageRow
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.location import LakeLocation
from cratewatch.secret_url import SecretUrl
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers.launch import CrawlJob, CrawlProgress, CrawlReport, run_crawl
from scrapers.ledger import Ledger
from tests.loopback_site import Site


@pytest.fixture(scope="session", autouse=True)
def _crawls_are_forked(crawls_are_forked: None) -> None:
    pass


class Workplace:
    """A catalog, a lake and crawls that work on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_path = folder / "crawl.log"
        self.catalog_url = f"sqlite:///{folder / 'catalog.db'}"
        self.catalog: Catalog = open_catalog(self.catalog_url)
        self.lake = FolderLake(folder / "lake")
        self.run_id = self.catalog.runs.start("refresh")
        self.progress: list[CrawlProgress] = []

    def next_night(self) -> None:
        self.run_id = self.catalog.runs.start("refresh")

    def weeks_later(self) -> None:
        """Have it be another night, on which every stored image is due."""
        with self.catalog._db.transaction() as session:
            long_ago = datetime.now(UTC) - timedelta(days=40)
            session.execute(update(ImageRow).values(checked_at=long_ago))
        self.next_night()

    def job(
        self, kind: Any, source: StorefrontSource | MusicBrainzSource, **fields: Any
    ) -> CrawlJob:
        return CrawlJob(
            job=kind,
            source_name="shop",
            source=source,
            run_id=self.run_id,
            catalog_url=SecretUrl(self.catalog_url),
            lake=LakeLocation(str(self.lake.root)),
            contact="",
            log_path=self.log_path,
            **fields,
        )

    def ledger(self, job: str = "releases") -> Ledger:
        source = StorefrontSource(spider="storefront", url="http://127.0.0.1:1")
        return Ledger(self.job(job, source), self.catalog, self.progress.append)

    def crawl(
        self, kind: Any, source: StorefrontSource | MusicBrainzSource, **fields: Any
    ) -> CrawlReport:
        return run_crawl(self.job(kind, source, **fields), self.progress.append)


@pytest.fixture(scope="session")
def storefront() -> Any:
    """Return a function: the URL of a loopback site to the settings of a fast source."""

    def source(url: str, **fields: Any) -> StorefrontSource:
        fast = {"rate_per_s": 100, "concurrency": 8, "retries": 1, "timeout_s": 10}
        return StorefrontSource(spider="storefront", url=url, **(fast | fields))

    return source


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="module")
def module_site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.catalog.close()


@pytest.fixture(scope="module")
def module_workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    place = Workplace(tmp_path_factory.mktemp("workplace"))
    yield place
    place.catalog.close()


@pytest.fixture(scope="session")
def draw_jpeg() -> Any:
    """Return a function: seed and side to the bytes of a JPEG unlike that of another seed."""

    def draw(seed: int, side_px: int = 64) -> bytes:
        coarse = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
        image = Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.NEAREST)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    return draw
