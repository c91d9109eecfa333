"""When a night is due, late, missed or made up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cratewatch.errors import CratewatchError
from flows.timetable import Nights, due, missed

NIGHTLY = Nights("0 3 * * *", "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "timezone", "moment", "expected"),
    [
        ("0 3 * * *", "UTC", "2026-01-05 02:59", "2026-01-05 03:00"),
        ("0 3 * * *", "UTC", "2026-01-05 03:00", "2026-01-06 03:00"),
        ("0 3 * * *", "UTC", "2026-01-05 03:00:01", "2026-01-06 03:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-01-05 01:59", "2026-01-05 02:00"),  # winter
        ("0 3 * * *", "Europe/Berlin", "2026-07-05 00:59", "2026-07-05 01:00"),  # summer
        ("0 3 * * *", "America/New_York", "2026-01-05 03:00", "2026-01-05 08:00"),
        ("*/20 1-2 * * *", "UTC", "2026-01-05 01:41", "2026-01-05 02:00"),
        ("30 4 * * MON", "UTC", "2026-01-05 04:30", "2026-01-12 04:30"),
        ("0 0 29 2 *", "UTC", "2026-01-05 00:00", "2028-02-29 00:00"),
    ],
)
def test_the_next_night_counts_in_the_timezone(
    cron: str, timezone: str, moment: str, expected: str
) -> None:
    assert Nights(cron, timezone).after(at(moment)) == at(expected)


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("cron", ["0 3 * * *", "15 1,13 * * *", "*/10 * * * *", "0 4 1 * *"])
def test_prefect_starts_runs_at_the_same_times(cron: str, timezone: str) -> None:
    from prefect.server.schemas.schedules import CronSchedule

    nights, now = Nights(cron, timezone), at("2026-03-20 11:11")
    ours = []
    for _ in range(60):
        now = nights.after(now)
        ours.append(now.astimezone(UTC))
    schedule = CronSchedule(cron=cron, timezone=timezone)
    theirs = asyncio.run(schedule.get_dates(60, at("2026-03-20 11:11")))
    assert ours == [moment.astimezone(UTC) for moment in theirs]


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("nonsense", "Wrong number of fields"),
        ("", "Wrong number of fields"),
        ("0 3 * *", "Wrong number of fields"),
        ("0 0 3 * * *", "Wrong number of fields"),  # with seconds
        ("60 3 * * *", "Bad minute"),
        ("0 24 * * *", "Bad hour"),
        ("0 3 30 2 *", "Bad day-of-month"),
        ("0 3 * * FRI-MON", "Bad day-of-week"),
    ],
)
def test_an_invalid_expression_is_refused_with_an_example(cron: str, why: str) -> None:
    with pytest.raises(CratewatchError, match=rf"--cron: '.*' .*{why}.*such as '0 3 "):
        Nights(cron, "UTC")


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "Europe", "../etc/passwd"])
def test_an_unknown_timezone_is_refused_with_an_example(timezone: str) -> None:
    with pytest.raises(CratewatchError, match=r"--timezone: .*such as Europe/Berlin"):
        Nights("0 3 * * *", timezone)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, "2026-01-05 12:00", ["shop"]),  # never refreshed
        ("2026-01-05 03:00:04", "2026-01-05 12:00", []),  # last night was done
        ("2026-01-05 03:00:04", "2026-01-06 02:59", []),  # the next has not come yet
        ("2026-01-05 03:00:04", "2026-01-06 03:00", ["shop"]),
        ("2026-01-04 15:00", "2026-01-05 12:00", ["shop"]),  # refreshed by hand, then missed
        ("2026-01-01 03:00:04", "2026-01-05 12:00", ["shop"]),  # four missed, made up once
    ],
)
def test_a_night_is_missed_if_it_came_after_the_last_good_run(
    last: str | None, now: str, expected: list[str]
) -> None:
    assert missed(["shop"], NIGHTLY, at(now), lambda _: at(last) if last else None) == expected


def test_each_source_is_judged_by_itself() -> None:
    night = at("2026-01-05 03:00")
    last = {"done": night + timedelta(seconds=5), "failed": night - timedelta(days=1)}
    assert missed([*last, "new"], NIGHTLY, night + timedelta(hours=9), last.get) == [
        "failed",
        "new",
    ]
    assert due([*last, "new"], night, last.get) == ["failed", "new"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, ["shop"]),
        ("2026-01-04 03:00:04", ["shop"]),  # on time, or late and nothing was done since
        ("2026-01-05 02:59:59", ["shop"]),  # by hand, just before
        ("2026-01-05 03:00:00", []),
        ("2026-01-07 09:00:00", []),  # late, and a later run has made it up
    ],
)
def test_a_run_that_comes_late_has_nothing_to_do_if_another_made_it_up(
    last: str | None, expected: list[str]
) -> None:
    night = at("2026-01-05 03:00")
    assert due(["shop"], night, lambda _: at(last) if last else None) == expected
