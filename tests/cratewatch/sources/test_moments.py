from datetime import UTC, datetime, timedelta

import pytest

from cratewatch.sources.moments import is_ahead, read_moment


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-03", "03.12.2026", "Dec 3, 2026", "3 December 2026", "3. Dez. 2026"),
        *("3 déc. 2026", "3 dic 2026", "3 dicembre 2026", "2026/12/3"),
    ],
)
def test_a_day_in_the_words_of_several_countries(text: str) -> None:
    assert read_moment(text, UTC) == datetime(2026, 12, 3, tzinfo=UTC)


def test_french_summers_have_two_months() -> None:
    assert [read_moment(f"1 {name} 2026", UTC).month for name in ("juin", "juil.", "juillet")] == [
        *(6, 7, 7)
    ]


@pytest.mark.parametrize(
    "text", ["0001-01-01", "9999-12-31", "1899-12-31", "2026-02-30", "Smarch 3, 2026", "3/4/2026"]
)
def test_what_is_no_day_of_a_sale_or_may_be_two(text: str) -> None:
    assert read_moment(text, UTC) is None


def test_clocks_may_differ_and_not_by_years() -> None:
    now = datetime.now(UTC)
    assert not is_ahead(now + timedelta(hours=14))
    assert is_ahead(now + timedelta(days=3))
