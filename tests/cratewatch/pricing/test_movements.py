from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.observations import Observation
from cratewatch.pricing.movements import movements

NIGHT = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    yield opened
    opened.close()


def asking(listing: str, price: str, hours: float, source: str = "shop") -> Observation:
    return Observation(
        source=source,
        native_id=listing,
        kind="asking",
        title=f"Record {listing}",
        price=Decimal(price),
        currency="EUR",
        observed_at=NIGHT + timedelta(hours=hours),
        release_id=f"{source}:{listing}",
    )


def test_a_price_moved_that_is_another_than_before_the_night(catalog: Catalog) -> None:
    catalog.observations.add(
        [
            *(asking("1", "99", -48), asking("1", "10", -24), asking("1", "12.50", 1)),
            *(asking("2", "20", -24), asking("2", "5", 1)),
            *(asking("3", "7", -24), asking("4", "8", 1)),  # as it was, and new
            *(asking("5", "9", -24), asking("5", "11", 1), asking("5", "9", 2)),  # and back
            *(asking("6", "1", -24, "other"), asking("6", "2", 1, "other")),
        ]
    )
    moved = movements(catalog.observations, "shop", NIGHT)
    assert [(m.release_id, m.before, m.after, m.share) for m in moved] == [
        ("shop:2", "20 EUR", "5 EUR", -0.75),
        ("shop:1", "10 EUR", "12.50 EUR", 0.25),
    ]
