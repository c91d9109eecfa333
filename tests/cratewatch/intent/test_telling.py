from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.handlings import SeenHandling
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Cover, Release
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.intent.album_rows import Prices
from cratewatch.intent.albums import Albums
from cratewatch.intent.handlers import handlers_of
from cratewatch.intent.market import band_of, bands
from cratewatch.intent.periods import Till
from cratewatch.intent.report import AlbumIntent, IntentReport
from cratewatch.intent.sales import pair, sales_of
from cratewatch.intent.spans import Span, read_day
from cratewatch.intent.telling import tell_intent
from cratewatch.pricing.rates import NO_RATES
from tests.cratewatch.catalog.blue_train import BLUE
from tests.cratewatch.intent.made_days import at, held, release_of, sold

NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30), "UTC")
EUROS = Prices("EUR", NO_RATES)


def tell(
    catalog: Catalog,
    handlings: list[SeenHandling],
    sales: list[Observation] | None = None,
    span: Span = NOVEMBER,
) -> IntentReport:
    catalog.handlings.record("run", handlings)
    return tell_intent(catalog, span, Till(sales, lambda _: "UTC"), EUROS)


def of(report: IntentReport, cover: Cover) -> AlbumIntent:
    (album,) = (a for a in report.albums if a.artwork_id == cover.artwork_id)
    return album


def test_a_month_by_hand(catalog: Catalog, imported: list[Cover]) -> None:
    one, two, three = imported[:3]
    handlings = [
        held(one, at(2, 10), person=1),
        held(one, at(2, 10.1), person=1, probability=0.5),  # the same person again
        held(one, at(2, 11), probability=0.6, camera="back"),
        held(two, at(3, 15)),
        held(None, at(3, 16)),
    ]
    sales = [
        sold(one, at(2, 12)),  # the surest of both handlers bought it
        sold(two, at(3, 14)),  # before it was held
        sold(three, at(3, 14)),
        sold(three, at(9, 14)),  # no footage of that day
        sold(None, at(3, 14), quantity=2),
    ]
    report = tell(catalog, handlings, sales)
    period = report.period
    assert (period.handlings, period.watched_days, period.unlinked) == (5, 2, 2)
    assert (period.handled, period.seconds) == pytest.approx((3.1, 31))
    assert period.handlers == pytest.approx(2.6)
    assert period.uncertain == pytest.approx(1.1 / 3.1)
    assert (period.bought, period.unwatched) == (4, 1)
    assert period.bought_unseen == pytest.approx(2)
    assert period.conversion is not None
    assert period.conversion.value == pytest.approx(1 / 2.6)

    album = of(report, one)
    assert (album.handlers, album.bought, album.bought_unseen) == pytest.approx((1.6, 1, 0))
    assert album.conversion is not None
    assert album.conversion.value == pytest.approx(1 / 1.6)
    assert album.release_id == release_of(one)
    assert (of(report, two).bought, of(report, two).bought_unseen) == (1, 1)
    assert (of(report, three).handlers, of(report, three).conversion) == (0, None)
    assert report.albums[0].artwork_id == one.artwork_id

    back, door = report.by_camera
    assert (back.name, door.name) == ("back", "door")
    assert (back.handlers, back.bought, door.handlers, door.bought) == pytest.approx((0.6, 0, 2, 1))
    assert [(g.name, g.handlers) for g in report.by_hour] == [
        ("10", 1),
        ("11", pytest.approx(0.6)),
        ("15", 1),
    ]
    assert report.before is None
    assert [a.change for a in report.albums] == [None] * 3
    told = " ".join(report.notes)
    assert "of 2 sold pieces no release" in told
    assert "1 pieces were sold on days without footage" in told
    assert "no footage shows the days before" in told
    assert "2 of 5 handlings are of no album known" in told


def test_what_was_brought_back_was_not_bought(catalog: Catalog, imported: list[Cover]) -> None:
    one, two = imported[:2]
    handlings = [held(one, at(2, 10)), held(two, at(2, 10))]
    sales = [
        sold(one, at(2, 11)),
        sold(one, at(3, 11), quantity=-1),
        sold(two, at(2, 11), quantity=-1),  # bought in October
        sold(two, at(2, 12)),
    ]
    report = tell(catalog, handlings, sales)
    assert (report.period.bought, report.period.returned) == (1, 2)
    assert (of(report, one).bought, of(report, one).returned) == (0, 1)
    assert (of(report, two).bought, of(report, two).returned) == (1, 1)


def test_a_till_that_tells_days_alone(catalog: Catalog, imported: list[Cover]) -> None:
    report = tell(catalog, [held(imported[0], at(2, 10))], [sold(imported[0], at(2, 0))])
    assert report.period.bought_unseen == 0
    berlin = Span(date(2026, 11, 2), date(2026, 11, 2), "Europe/Berlin")
    till = Till([sold(imported[0], at(1, 23))], lambda _: "Europe/Berlin")
    assert tell_intent(catalog, berlin, till, EUROS).period.bought_unseen == 0


def test_days_are_the_shops(catalog: Catalog, imported: list[Cover]) -> None:
    handlings = [held(imported[0], at(1, 22.5, month=10)), held(imported[0], at(2, 22.5, month=10))]
    berlin = Span(date(2026, 10, 2), date(2026, 10, 2), "Europe/Berlin")
    report = tell(catalog, handlings, span=berlin)
    assert (report.period.handlings, [g.name for g in report.by_hour]) == (1, ["00"])
    longer = Span(date(2026, 10, 24), date(2026, 10, 25), "Europe/Berlin")
    assert longer.until - longer.since == timedelta(hours=49), "the clock was put back"
    assert longer.before == Span(date(2026, 10, 22), date(2026, 10, 23), "Europe/Berlin")


def test_without_sales_only_what_was_handled_is_told(
    catalog: Catalog, imported: list[Cover]
) -> None:
    report = tell(catalog, [held(imported[0], at(2))])
    assert (report.period.bought, report.period.conversion) == (None, None)
    assert (report.albums[0].bought, report.by_hour[0].conversion) == (None, None)
    assert "no sales are known: run `cratewatch import-sales`" in report.notes[0]
    nothing = tell(catalog, [held(imported[0], at(2))], [])
    assert (nothing.period.bought, nothing.notes[0][:7]) == (0, "nothing")


def test_no_handlings_are_an_error_that_says_which_there_are(
    catalog: Catalog, imported: list[Cover]
) -> None:
    with pytest.raises(NotFoundError, match=r"2026-11-01 to 2026-11-30 .*none is known at all"):
        tell(catalog, [])
    with pytest.raises(NotFoundError, match="known are of 2026-10-05 to 2026-10-07"):
        tell(catalog, [held(imported[0], at(5, month=10)), held(imported[0], at(7, month=10))])


def test_a_change_is_told_where_it_is_more_than_noise(
    catalog: Catalog, imported: list[Cover]
) -> None:
    rising, steady, gone = imported[:3]
    before = [held(steady, at(day, month=10)) for day in range(3, 31)]
    before += [held(rising, at(day, month=10)) for day in (3, 4)]
    before += [held(gone, at(day, month=10)) for day in range(3, 31)]
    now = [held(steady, at(day)) for day in range(1, 29)]
    now += [held(rising, at(day, 13)) for day in range(1, 29)]
    report = tell(catalog, before + now, [])
    changed = {a.artwork_id: a.changed for a in report.albums}
    assert changed == {rising.artwork_id: True, steady.artwork_id: False, gone.artwork_id: True}
    assert of(report, rising).change == pytest.approx(13)
    assert (of(report, gone).change, of(report, gone).bought) == (-1, 0)
    assert report.before is not None
    assert (report.before.first, report.before.last) == (date(2026, 10, 2), date(2026, 10, 31))
    assert not report.handlers_changed


def test_twice_the_days_of_footage_are_no_change(catalog: Catalog, imported: list[Cover]) -> None:
    before = [held(imported[0], at(day, month=10)) for day in range(10, 20)]
    now = [held(imported[0], at(day)) for day in range(1, 31)]
    report = tell(catalog, before + now)
    assert (report.albums[0].change, report.albums[0].changed) == (0, False)
    assert not report.handlers_changed


def test_what_is_often_looked_at_and_never_bought(catalog: Catalog, imported: list[Cover]) -> None:
    liked, left, rare = imported[:3]
    handlings = [held(liked, at(day, 10)) for day in range(1, 21)]
    handlings += [held(left, at(day, 10)) for day in range(1, 21)]
    handlings += [held(rare, at(day, 10)) for day in (1, 2, 3)]
    report = tell(catalog, handlings, [sold(liked, at(day, 11)) for day in range(1, 21)])
    assert [a.artwork_id for a in report.albums if a.never_bought] == [left.artwork_id]


def test_that_some_albums_are_not_bought_is_no_finding(
    catalog: Catalog, imported: list[Cover]
) -> None:
    """Each fifth handler buys, whatever it is."""
    rng = np.random.default_rng(4)
    handlings, sales = [], []
    for cover in imported:
        for _ in range(rng.integers(3, 12)):
            day = int(rng.integers(1, 28))
            handlings.append(held(cover, at(day, 10)))
            sales += [sold(cover, at(day, 11))] if rng.uniform() < 0.2 else []
    report = tell(catalog, handlings, sales)
    assert sum(album.bought == 0 for album in report.albums) > 2
    assert not any(album.never_bought for album in report.albums)


def test_prices_are_those_of_the_market(catalog: Catalog, imported: list[Cover]) -> None:
    dear, asked, unknown = imported[:3]
    catalog.observations.add(
        [sold(dear, at(1, month=day), price=Decimal(60 + day)) for day in (1, 2, 3)]
        + [sold(asked, at(1), kind="asking", price=Decimal(10))]
        + [sold(unknown, at(1), currency="USD")]
    )
    report = tell(catalog, [held(cover, at(2)) for cover in (dear, asked, unknown)], [])
    assert of(report, dear).price == Decimal(62)
    assert [g.name for g in report.by_price] == ["10 to 20", "50 to 100", "no price known"]
    assert "USD cannot be converted" in report.notes[-1]
    assert bands()[0] == band_of(Decimal("9.99")) == "under 10"
    assert band_of(Decimal(100)) == "100 and more"


def test_linked_releases_are_one_album(catalog: Catalog, imported: list[Cover]) -> None:
    """A second shop has a cover of its own, and a third one none."""
    run = ""
    for source in ("a", "b", "c"):
        run = catalog.runs.start(f"refresh-{source}")
        listed = Release(source=source, native_id="1", image_url=f"{source}.jpg", **BLUE)
        catalog.stage(run, [listed])
        catalog.apply_crawl(run, source, complete=True)
    for source, cover in zip("ab", imported, strict=False):
        catalog.covers.add(run, replace(cover, source=source), f"{source}.jpg")
    catalog.links.find()
    albums = Albums(catalog)
    one, two = imported[0].artwork_id, imported[1].artwork_id
    assert albums.of_artwork(one) == albums.of_artwork(two) == min(one, two)
    assert set(albums.of_releases(["a:1", "b:1", "c:1", "c:9"])) == {"a:1", "b:1", "c:1"}
    assert set(albums.members(min(one, two))) == {one, two}
    report = tell(catalog, [held(imported[0], at(2))], [sold(None, at(2, 13), release_id="c:1")])
    assert [(a.bought, a.bought_unseen) for a in report.albums] == [(1, 0)]


def test_identities_without_probability(catalog: Catalog, imported: list[Cover]) -> None:
    handlings = [
        held(imported[0], at(2), probability=None),
        held(imported[0], at(2), probability=None, known=False),
    ]
    report = tell(catalog, handlings)
    assert (report.period.handled, report.period.uncertain) == (1, 1)
    assert "2 handlings have no probability" in " ".join(report.notes)


def test_pieces_and_chances_add_up(catalog: Catalog, imported: list[Cover]) -> None:
    """Whatever was handled and sold, no piece and no handler counts twice."""
    rng = np.random.default_rng(3)
    some = imported[:4]
    for _ in range(20):
        handlings = [
            held(
                some[rng.integers(4)],
                at(int(rng.integers(1, 4)), rng.uniform(9, 18)),
                person=int(rng.integers(9)),
                probability=float(rng.uniform()),
            )
            for _ in range(40)
        ]
        sales = [
            sold(some[rng.integers(4)], at(int(rng.integers(1, 5)), rng.uniform(9, 18)))
            for _ in range(30)
        ]
        albums = Albums(catalog)
        handlers = handlers_of(handlings, albums)
        releases = albums.of_releases(o.release_id for o in sales if o.release_id)
        pieces = sales_of(sales, releases, NOVEMBER, lambda _: "UTC").pieces
        watched = {date(2026, 11, day) for day in (1, 2, 3)}
        paired = pair(pieces, handlers, watched, NOVEMBER)
        accounted = sum(paired.seen.values()) + sum(paired.unseen.values()) + paired.unwatched
        assert accounted == pytest.approx(len(pieces)) == 30
        assert len(paired.buyers) <= len(pieces)
        chances = sum(handlers[place].chance for place in paired.buyers)
        assert sum(paired.seen.values()) == pytest.approx(chances)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CratewatchError, match="--from"):
        read_day(text, "--from")


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(CratewatchError, match="--from 2026-11-30 is after --to 2026-11-01"):
        Span(date(2026, 11, 30), date(2026, 11, 1), "UTC")
