"""The pages in a real browser; pictures of them are kept below build/pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Cover
from cratewatch.service.app import create_app
from cratewatch.settings import load_settings
from tests.cratewatch.service.conftest import LIMITS, fill
from tests.cratewatch.service.filmed import RUN, SECONDS, film
from tests.cratewatch.service.listening import listening
from tests.waiting import until

if TYPE_CHECKING:
    from tests.templates import Template

CHROMIUM = shutil.which("chromium")
SHOTS = Path(__file__).parents[3] / "build" / "pages"
PAGES = (
    *("/", "/catalog", "/releases/shop:1", "/nights", "/footage", f"/footage/{RUN}?t=20"),
    *("/words", "/intent", "/login", "/nope"),
)

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium; infra/install-test-deps.sh"),
]


@pytest.fixture(scope="module")
def shop_folder(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("browsed") / "home"
    covers = fill(template, home)
    film(home, next(one for one in covers if one.source_url.endswith("cover-03.jpg")))
    sell(home, next(one for one in covers if one.source_url.endswith("cover-05.jpg")))
    scene = Image.new("RGB", (800, 600), "grey")
    scene.paste(Image.open(template.covers / "cover-03.jpg").resize((300, 300)), (200, 150))
    scene.save(home / "scene.png")
    shutil.copy(template.covers / "cover-05.jpg", home / "crop.jpg")
    return home


def sell(home: Path, cover: Cover) -> None:
    """Have a till know five sales of a cover's release, one of them far from the others."""
    sales = [
        Observation(
            source="till",
            native_id=str(number),
            kind="sold",
            title="Cover 5",
            price=Decimal(price),
            currency="EUR",
            observed_at=datetime.now(UTC) - timedelta(days=9 * number),
            release_id=f"import:{cover.source_url}",
            media_condition=grade,
        )
        for number, (price, grade) in enumerate(
            (("24.90", "NM"), ("19.50", "VG+"), ("14.00", "VG"), ("390.00", "VG+"), ("21.00", None))
        )
    ]
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        catalog.observations.add(sales)


@pytest.fixture(scope="module")
def url(shop_folder: Path) -> Iterator[str]:
    """The address of a service."""
    with listening(create_app(load_settings(home=shop_folder), limits=LIMITS)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *camera]
        )
        yield opened
        opened.close()


@contextmanager
def page_of(browser: Any, url: str, **ways: Any) -> Iterator[Any]:
    """Yield a page; fail if it logs an error, or asks another host for anything."""
    context = browser.new_context(base_url=url, **ways)
    page = context.new_page()
    page.set_default_timeout(120_000)  # a machine may have much else to do
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on(
        "request",
        lambda r: None if r.url.startswith((url, "blob:", "data:")) else wrong.append(r.url),
    )
    yield page
    context.close()
    assert [one for one in wrong if "404" not in one and "422" not in one] == []


def keep(page: Any, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def name_of(path: str) -> str:
    """Return what a page's picture is called."""
    if path.startswith("/nights/"):
        return "night"
    return path.partition("?")[0].strip("/")[:24].replace("/", "-").replace(":", "-") or "home"


def test_a_picture_is_chosen_and_named(browser: Any, url: str, shop_folder: Path) -> None:
    with page_of(browser, url, viewport={"width": 1280, "height": 900}) as page:
        page.goto("/")
        page.set_input_files("#file", shop_folder / "crop.jpg")
        page.wait_for_selector(".found")
        assert page.inner_text(".found h2") == "It is this one"
        assert "cover-05" in page.inner_text(".found .best")
        page.wait_for_selector(".comparables tbody tr")
        assert page.locator(".comparables tbody tr").count() == 5
        assert "24.90 EUR" in page.inner_text(".comparables")
        assert "19.92 EUR in VG+" in page.inner_text(".comparables")
        assert "EUR in VG+, from" in page.inner_text(".worth")
        keep(page, "named")
        page.set_input_files("#file", shop_folder / "scene.png")
        page.wait_for_selector(".found")
        keep(page, "scene")


def test_a_bad_file_is_told_in_words(browser: Any, url: str, shop_folder: Path) -> None:
    broken = shop_folder / "broken.jpg"
    broken.write_bytes(b"no picture")
    with page_of(browser, url) as page:
        page.goto("/")
        page.set_input_files("#file", shop_folder / "cratewatch.toml")
        page.wait_for_selector(".notice.bad:visible")
        assert "no picture" in page.inner_text("#said")
        page.set_input_files("#file", broken)
        page.locator("#said", has_text="not_an_image").wait_for()
        keep(page, "error")


def test_the_camera_takes_a_picture(browser: Any, url: str) -> None:
    with page_of(browser, url, permissions=["camera"]) as page:
        page.goto("/")
        page.click("#camera")
        until(lambda: page.evaluate("document.querySelector('#live').videoWidth") > 0, 30)
        page.click("#shutter")
        page.wait_for_selector(".found", timeout=60_000)
        assert page.is_hidden("#shoot")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(browser: Any, url: str, scheme: str) -> None:
    size = {"width": 360, "height": 740}
    with page_of(browser, url, viewport=size, color_scheme=scheme) as page:
        for path in PAGES:
            page.goto(path)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, f"{path} is {wide} px wide"
            keep(page, f"phone-{scheme}-{name_of(path)}")


WAYS = [
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
]


@pytest.mark.parametrize("ways", WAYS, ids=["light", "dark", "phone"])
def test_axe_finds_nothing_wrong(browser: Any, url: str, shop_folder: Path, ways: dict) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, wrong = Axe(), []
    with page_of(browser, url, **ways) as page:

        def look(path: str) -> None:
            assert page.locator("h1").count() <= 1
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= ways["viewport"]["width"], f"{path} is {wide} px wide"
            nav = page.evaluate(
                "(nav => nav.scrollWidth - nav.clientWidth)(document.querySelector('nav'))"
            )
            assert nav <= 0, "a part of the navigation is out of sight"
            for one in axe.run(page).response["violations"]:
                nodes = [node["html"][:120] for node in one["nodes"]]
                wrong.append((path, one["impact"], one["id"], nodes))

        for path in (*PAGES, f"/nights/{run_of(page)}"):
            page.goto(path)
            page.locator("main").wait_for()
            look(path)
            keep(page, f"{ways['color_scheme']}-{ways['viewport']['width']}-{name_of(path)}")
        page.goto("/")
        for file in ("crop.jpg", "scene.png", "cratewatch.toml"):
            page.set_input_files("#file", shop_folder / file)
            page.wait_for_selector(".found, .notice.bad:visible")
            if file == "crop.jpg":
                page.click(".comparables summary")
                keep(page, f"{ways['color_scheme']}-{ways['viewport']['width']}-priced")
            look(f"/ with {file}")
    assert wrong == []


def run_of(page: Any) -> str:
    """Return the run whose items failed."""
    told = page.request.get("/v1/runs?kind=refresh-shop").json()["runs"]
    return next(one["run_id"] for one in told if (one["report"] or {}).get("failed"))


def test_the_first_page_is_small_and_needs_no_other_host(browser: Any, url: str) -> None:
    with page_of(browser, url) as page:
        weights: list[int] = []
        page.on("response", lambda r: weights.append(len(r.body())))
        page.goto("/", wait_until="networkidle")
        assert sum(weights) < 100_000
        assert len(weights) > 3


def test_everything_is_reached_by_keyboard(browser: Any, url: str) -> None:
    with page_of(browser, url) as page:
        page.goto("/catalog")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "q":
                break
        page.keyboard.type("bjork")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=bjork**")
        page.focus(".tiles a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/releases/**")
        assert page.inner_text("h1").startswith("<b>Blue</b> Train")


def test_each_control_of_each_page_has_its_turn_by_tab(browser: Any, url: str) -> None:
    with page_of(browser, url) as page:
        for path in PAGES:
            page.goto(path)
            wanted = page.evaluate(
                """() => { const all = [...document.querySelectorAll(
                  'a[href], button, input:not([type=hidden]), select, summary, video[controls]')]
                  .filter(one => one.checkVisibility() && one.tabIndex >= 0);
                all.forEach((one, n) => { one.dataset.turn = n; });
                return all.length; }"""
            )
            turns: list[int] = []
            for _ in range(wanted + 20):  # a video's own controls have turns, too
                page.keyboard.press("Tab")
                turn, seen = page.evaluate(
                    """() => { const one = document.activeElement, style = getComputedStyle(one);
                    return [Number(one.dataset.turn ?? -1),
                      style.outlineStyle !== 'none' || one.matches('.hidden, video')]; }"""
                )
                assert seen or turn < 0, f"{path}: where the focus is cannot be seen"
                turns += [turn] if turn >= 0 and turn not in turns else []
            assert sorted(turns) == list(range(wanted)), path


def comes_by_a_key(page: Any, come: list[Any]) -> bool:
    """Press Enter; return whether anything has come, for which a busy browser may want another."""
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    return bool(come)


def test_a_picture_is_chosen_by_keyboard(browser: Any, url: str, shop_folder: Path) -> None:
    with page_of(browser, url) as page:
        choosers: list[Any] = []
        page.on("filechooser", lambda chooser: choosers.append(chooser))
        page.goto("/")
        page.focus("#file")
        until(lambda: comes_by_a_key(page, choosers), 120)
        choosers[0].set_files(shop_folder / "crop.jpg")
        page.wait_for_selector(".found")
        page.focus("details:has(> .others) > summary")
        page.keyboard.press("Enter")
        page.locator(".found .others li").first.wait_for()


def test_what_is_running_comes_by_itself(browser: Any, url: str, shop_folder: Path) -> None:
    with page_of(browser, url) as page:
        page.goto("/nights")
        page.locator("#running", has_text="Nothing is running").wait_for()
        catalog = open_catalog(f"sqlite:///{shop_folder / 'catalog.db'}")
        run_id = catalog.runs.start("refresh-shop")
        catalog.items.plan(run_id, "shop", "page", ["a", "b"])
        page.wait_for_selector("#running progress")
        assert "page: 0 of 2" in page.inner_text("#running")
        keep(page, "nights")
        catalog.runs.finish(run_id, "done", {})
        catalog.close()
        page.locator("#running", has_text="Nothing is running").wait_for()


def shown_at(page: Any) -> float:
    """Return when the picture is of that a video shows: each is as bright as it is late."""
    grey = page.evaluate(
        """() => { const board = document.createElement("canvas");
        board.width = board.height = 8;
        const pen = board.getContext("2d");
        pen.drawImage(document.querySelector("#video"), 0, 0, 8, 8);
        return pen.getImageData(4, 4, 1, 1).data[0]; }"""
    )
    return float((grey - 20) / 200 * SECONDS)


def video(page: Any, true: str) -> None:
    """Wait until something is true of a video; a page's own waiting is against its policy."""
    until(lambda: page.evaluate(f"(video => {true})(document.querySelector('#video'))"), 20)


def seen_about(page: Any, seconds: float) -> None:
    """Wait until a video shows what was filmed then."""
    video(
        page,
        f"!video.seeking && video.readyState >= 2 && Math.abs(video.currentTime - {seconds}) < 0.6",
    )
    until(lambda: abs(shown_at(page) - seconds) < 3, 10)


def test_a_recording_is_played_from_a_moment_on(browser: Any, url: str) -> None:
    with page_of(browser, url, viewport={"width": 1280, "height": 900}) as page:
        page.goto("/footage")
        page.click(f"a[href='/footage/{RUN}']")
        video(page, "video.readyState >= 1")
        page.click(".moments a[data-t='20.00']")
        video(page, "!video.paused")
        page.evaluate("document.querySelector('#video').pause()")
        assert page.evaluate("document.querySelector('#video').currentTime") >= 20
        assert "t=20" in page.url
        page.goto(f"/footage/{RUN}?t=50")
        seen_about(page, 50)
        page.locator("#board").click(position={"x": 5, "y": 3})
        seen_about(page, 0.5)


def test_a_recording_is_watched_by_keyboard(browser: Any, url: str) -> None:
    with page_of(browser, url) as page:
        page.goto(f"/footage/{RUN}?t=5")
        seen_about(page, 5)
        for key, seconds in (("n", 10), ("n", 20), ("p", 10), ("l", 15), ("j", 10), (".", 10.2)):
            page.keyboard.press(key)
            seen_about(page, seconds)
        assert page.get_attribute(".moments a[aria-current]", "data-t") == "10.00"
        page.keyboard.press("k")
        video(page, "!video.paused")
        page.focus(".moments a[data-t='30.00']")
        page.keyboard.press("Enter")
        video(page, "video.currentTime >= 30")
        keep(page, "recording")
