from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from cratewatch.demo.stock import Fault, StockPlan, expected_night, stock_of_night

PLAN = StockPlan(n_releases=120, seed=5)


def test_the_standard_shop_has_several_hundred_releases() -> None:
    assert len(stock_of_night(1)) == 720
    assert expected_night(1).new == 719
    second = expected_night(2)
    assert (second.new, second.changed, second.unchanged, second.withdrawn) == (26, 40, 664, 15)


def test_the_same_plan_gives_the_same_stock() -> None:
    assert stock_of_night(2, PLAN) == stock_of_night(2, PLAN)
    assert stock_of_night(1, PLAN) != stock_of_night(1, replace(PLAN, seed=6))


def test_numbers_titles_and_addresses_are_unique() -> None:
    releases = {r.sku: r for night in (1, 2) for r in stock_of_night(night, PLAN)}.values()
    for values in ([r.barcode for r in releases], [r.page_path for r in releases]):
        assert len(set(values)) == len(values)
    names = Counter((r.artist, r.title) for r in releases)
    assert set(names.values()) == {1, 2}
    assert sum(count == 2 for count in names.values()) == 4


def test_barcodes_carry_their_check_digit() -> None:
    for release in stock_of_night(1, PLAN):
        digits = [int(d) for d in release.barcode]
        assert len(digits) == 13
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_two_pairs_share_an_image_and_two_an_artwork() -> None:
    releases = stock_of_night(1, PLAN)
    artworks = Counter(r.artwork for r in releases)
    paths = Counter(r.image_path for r in releases)
    assert sorted(artworks.values())[-5:] == [1, 2, 2, 2, 2]
    assert sorted(paths.values())[-3:] == [1, 2, 2]


def test_every_fault_happens_once() -> None:
    faults = Counter(r.fault for r in stock_of_night(1, PLAN))
    assert all(faults[fault] == 1 for fault in Fault if fault is not Fault.NONE)


def test_the_second_night_differs_as_announced() -> None:
    first = {r.sku: r for r in stock_of_night(1, PLAN)}
    second = {r.sku: r for r in stock_of_night(2, PLAN)}
    both = first.keys() & second.keys()
    dearer = [sku for sku in both if first[sku].price != second[sku].price]
    assert all(second[sku] == replace(first[sku], price=second[sku].price) for sku in both)
    expected = expected_night(2, PLAN)
    assert len(dearer) == expected.changed == 6
    assert len(first.keys() - second.keys()) == expected.withdrawn == 2
    assert len(second.keys() - first.keys()) + 1 == expected.new == 5


def test_failures_by_hand() -> None:
    covers = {"not_an_image": 1, "unreadable": 1, "truncated": 1, "too_many_pixels": 1}
    pages = {"http_404": 1, "redirect_loop": 1, "robots_forbidden": 1}
    first, second = expected_night(1, PLAN), expected_night(2, PLAN)
    assert first.failed_pages == pages | {"http_500": 1}
    assert first.failed_covers == covers | {"http_404": 1}
    assert second.failed_pages == pages
    assert second.failed_covers == covers
    assert first.failed == covers | pages | {"http_500": 1, "http_404": 2}
    # 120 releases, less one broken page, five failed covers and two that reuse another's file.
    assert first.new_covers == 112
    assert first.new_artworks == 110


def test_prices_are_amounts_in_cents() -> None:
    for night in (1, 2):
        for release in stock_of_night(night, PLAN):
            assert release.price == release.price.quantize(Decimal("0.01"))
            assert 5 < release.price < 3500


def test_a_plan_too_small_for_all_misbehaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="take >= 40"):
        StockPlan(n_releases=39)


def test_there_is_no_third_night() -> None:
    with pytest.raises(ValueError, match="nights 1 and 2"):
        stock_of_night(3, PLAN)
