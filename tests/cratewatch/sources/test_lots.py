import pytest

from cratewatch.sources.lots import is_lot


@pytest.mark.parametrize(
    "title",
    [
        "Lot of 5 jazz LPs",
        "Lot of classic rock records",
        "Lot de 10 vinyles",
        "Lotto 5 LP",
        "Job lot 12 inch",
        "Konvolut Schlager",
        "Plattensammlung",
        "6 Schallplatten Rock",
        "30 vinyl records",
    ],
)
def test_several_records_at_one_price_are_a_lot(title: str) -> None:
    assert is_lot(title)


@pytest.mark.parametrize(
    "title", ["A Lot of Love", "Lot's Wife", "The Beatles 3 LP box set", "2xLP", "Greatest Hits"]
)
def test_what_only_sounds_like_one_is_none(title: str) -> None:
    assert not is_lot(title)
