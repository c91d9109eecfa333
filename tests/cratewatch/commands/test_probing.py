"""What `cratewatch probe` prints."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cratewatch.commands.probe_lines import probe_lines
from tests.command_line import Answer
from tests.loopback_site import Site

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("crawls_are_forked")]

IMAGE = f"/{'x' * 90}.jpg"
PRODUCT = {
    "@type": "Product",
    "name": "Blue Train",
    "sku": "BT-1",
    "brand": "Corner",
    "image": IMAGE,
    "category": "Vinyl",
}


@pytest.fixture
def shop() -> Iterator[Site]:
    site = Site()
    page = f'<html><script type="application/ld+json">{json.dumps(PRODUCT)}</script></html>'
    site.add("/p/1", page, headers={"Content-Type": "text/html"})
    yield site
    site.close()


def test_a_probe_needs_no_home_and_makes_none(
    run: Callable[..., Answer], shop: Site, tmp_path: Path
) -> None:
    answer = run("probe", f"{shop.url}/p/1", CRATEWATCH_HOME=str(tmp_path / "none"))
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[:4] == [
        f"{shop.url}/p/1",
        "is a product page",
        "  native_id   BT-1  (JSON-LD Product.sku)",
        "  title       Blue Train  (JSON-LD Product.name)",
    ]
    assert f"  image_url   {shop.url}{IMAGE}" in lines
    assert (
        "  JSON-LD Product.category 'Vinyl': no genres: a medium, or a shelf for any music" in lines
    )
    assert not (tmp_path / "none").exists()


def test_the_settings_of_the_shops_source_count(
    run: Callable[..., Answer], shop: Site, tmp_path: Path
) -> None:
    (tmp_path / "cratewatch.toml").write_text(
        f'[sources.corner]\nspider = "storefront"\nurl = "{shop.url}"\nbrand_is = "shop"\n'
        "rate_per_s = 100\n"
    )
    answer = run("probe", f"{shop.url}/p/1", "--json", "--home", str(tmp_path))
    (release,) = json.loads(answer.stdout)["releases"]
    fields = {item["field"]: item["value"] for item in release["fields"]}
    assert fields["label"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["cratewatch.toml"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("shop.example/p/1", "perhaps https://shop.example/p/1 is meant"),
        ("file:///etc/passwd", "it is no http(s) address of a page"),
        ("https://[x]/", "it is no http(s) address of a page"),
        ("https://me:secret@shop.example/p", "a user name, a password"),
        ("http://10.255.255.1/p", "10.255.255.1 is none of the public network"),
        ("http://169.254.169.254/latest/meta-data/", "is none of the public network"),
    ],
)
def test_what_is_not_asked(run: Callable[..., Answer], url: str, said: str) -> None:
    answer = run("probe", url)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert "secret" not in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_lines_of_many_entries_are_counted() -> None:
    entries = [
        {"syntax": "listing", "property": "entry", "value": f"/{n}", "why": "it leads nowhere"}
        for n in range(9)
    ]
    report = {
        "url": "https://shop.example/s.xml",
        "final_url": "https://shop.example/t.xml",
        "kind": "sitemap",
        "reason": "nothing_listed",
        "detail": "",
        "releases": [],
        "listed": [],
        "passed_over": entries,
        "hints": [],
        "way": [],
    }
    lines = list(probe_lines(report, 80))
    assert lines[0] == "https://shop.example/s.xml -> https://shop.example/t.xml"
    assert lines[1] == "is a sitemap (nothing_listed)"
    assert lines[-1] == "  ... 4 more: entry: it leads nowhere"
    assert len(lines) == 9
