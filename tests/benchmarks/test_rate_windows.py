"""Real windows of a minute: four crawls of one source stay below its limit in any of them."""

from pathlib import Path

import pytest

from benchmarks.rate_windows import LIMIT, watch
from tests.postgres_server import Postgres


@pytest.mark.slow
def test_four_crawls_that_share_a_catalog_stay_below_a_limit(
    tmp_path: Path, postgres: Postgres
) -> None:
    done = watch(tmp_path, postgres.create_database(), releases=100)
    assert (done.requests, done.twice, done.failed) == (100, 0, 0)
    assert done.busiest <= LIMIT
    assert done.seconds > 90, "several windows"


@pytest.mark.slow
def test_four_crawls_that_only_share_an_address_stay_below_a_limit(tmp_path: Path) -> None:
    done = watch(tmp_path, "", releases=25)
    assert (done.requests, done.failed) == (100, 0)
    assert done.busiest <= LIMIT
