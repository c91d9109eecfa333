from cratewatch.catalog.changes import Change
from cratewatch.pricing.movements import Movement
from cratewatch.reports.night.page import Night, night_page, samples

NOTHING = Night("Refresh of shop", "20260302T030000-ab", {"error": "none"}, {}, {}, [], [])


def failure(reason: str, n: int) -> Change:
    same = {"release_id": None, "artist": None, "title": None, "before": None, "after": None}
    return Change(
        run_id="r", source="shop", kind="failed", field="page",
        address=f"https://shop/{reason}/{n}", detail=f"{reason}: <b>", **same,
    )  # fmt: skip


def test_of_each_reason_the_first_failures_are_samples() -> None:
    found = samples([failure(reason, n) for n in range(9) for reason in ("http_503", "timeout")])
    assert {reason: len(of_reason) for reason, of_reason in found.items()} == {
        "http_503": 5,
        "timeout": 5,
    }


def test_a_night_is_told_on_one_page() -> None:
    night = Night(
        "Prices of shop",
        "20260302T030000-ab",
        {"error": "2 of 9 failed"},
        {"timeout": 1, "http_503": 7},
        {
            "quick": {"requests": 90, "mean_s": 0.1, "slowest_s": 9.0},
            "slow": {"requests": 3, "mean_s": 2.5, "slowest_s": 3.0},
        },
        [failure("http_503", 1)],
        [Movement("shop:1", "Kid <A>", "10 EUR", "15 EUR", 0.5, "javascript:alert(1)")],
    )
    page = night_page(night)
    said = " ".join(page.split())
    assert said.index('http_503</td><td class="n">7') < said.index("timeout</td>")
    assert said.index('slow</td><td class="n">3</td><td class="n">2.50') < said.index("quick")
    assert "+50 %" in said
    assert "Kid &lt;A&gt;" in said
    assert 'href="https://shop/http_503/1"' in said
    assert 'href="javascript' not in said


def test_of_a_night_on_which_nothing_happened_there_is_a_page() -> None:
    page = night_page(NOTHING)
    for said in ("Nothing.", "None was asked.", "None."):
        assert f"<p>{said}</p>" in page
