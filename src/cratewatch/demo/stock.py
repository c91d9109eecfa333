"""The shop's invented stock, night by night, and what a correct crawl of it must report."""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from random import Random

from cratewatch.demo.artwork.cover import CoverSpec
from cratewatch.demo.invention import Billing, invent_billings
from cratewatch.demo.names import romanised

DEAD_LINK = "/records/sold-out-years-ago"
REDIRECT_LOOP = ("/records/the-endless-groove", "/records/the-locked-groove")
FORBIDDEN = "/private/staff-picks"
PLAIN_PAGES = ("/about", "/opening-hours")

_FORMATS = ("LP", "LP", "LP", "2xLP", "LP, Reissue", '12"', '10"', '7"')
_COUNTRIES = ("Germany", "UK", "US", "France", "Italy", "Sweden", "Brazil", "Netherlands")


class Fault(StrEnum):
    """How the page or the image of one release misbehaves."""

    NONE = "none"
    PAGE_HEALS = "page heals"
    PAGE_BROKEN_AT_FIRST = "page broken on the first night"
    PAGE_SLOW = "page slow"
    IMAGE_HEALS = "image heals"
    IMAGE_MISSING_AT_FIRST = "image missing on the first night"
    IMAGE_SLOW = "image slow"
    IMAGE_FIFTY_MEGAPIXELS = "image of 50 megapixels"
    IMAGE_IS_TEXT = "image is text"
    IMAGE_UNREADABLE = "image unreadable"
    IMAGE_TRUNCATED = "image truncated"
    IMAGE_BOMB = "image with too many pixels"


_COVER_FAILURES = {
    Fault.IMAGE_IS_TEXT: "not_an_image",
    Fault.IMAGE_UNREADABLE: "unreadable",
    Fault.IMAGE_TRUNCATED: "truncated",
    Fault.IMAGE_BOMB: "too_many_pixels",
}


@dataclass(frozen=True)
class StockPlan:
    """How large the shop is; the second night's changes grow with it."""

    n_releases: int = 720
    seed: int = 33

    def __post_init__(self) -> None:
        if self.n_releases < 40:
            raise ValueError(f"{self.n_releases} releases hold not every misbehaviour: take >= 40")

    @property
    def n_new(self) -> int:
        """How many releases come on the second night."""
        return self._share(28)

    @property
    def n_changed(self) -> int:
        """How many prices change on the second night."""
        return self._share(18)

    @property
    def n_withdrawn(self) -> int:
        """How many releases are sold by the second night."""
        return self._share(46)

    def _share(self, one_in: int) -> int:
        return max(1, self.n_releases // one_in)


STANDARD_STOCK = StockPlan()


@dataclass(frozen=True)
class ShopImage:
    """One image file: two of them may show one artwork at another size and quality."""

    name: str
    spec: CoverSpec
    size_px: int = 600
    quality: int = 90


@dataclass(frozen=True)
class ShopRelease:
    """A pressing that the shop sells."""

    sku: str
    artist: str
    title: str
    label: str
    catno: str
    year: int
    format: str
    genre: str
    country: str
    barcode: str
    price: Decimal
    currency: str
    in_stock: bool
    image: ShopImage
    fault: Fault = Fault.NONE

    @property
    def artwork(self) -> str:
        """What its cover shows; several releases may share it."""
        return self.image.spec.artwork

    @property
    def image_path(self) -> str:
        """Where its image lies in the shop."""
        return f"/images/{self.image.name}"

    @property
    def page_path(self) -> str:
        """Where it is sold in the shop."""
        return "/records/" + "-".join(
            [*_latin_words(self.artist), *_latin_words(self.title), self.sku]
        )


@dataclass(frozen=True)
class NightExpectation:
    """What a correct crawl reports: releases by what became of them, failures by reason.

    A release whose page was read counts as new, changed or unchanged, whatever became of its
    cover. Images that failed are tried again the next night, so lasting faults fail every night.

    Attributes:
        new_covers: Image files seen for the first time that are readable, distinct by bytes.
        new_artworks: Distinct artworks among them that no earlier night had shown.
        no_product: Pages in the sitemap that sell nothing.
    """

    new: int
    changed: int
    unchanged: int
    withdrawn: int
    failed_pages: dict[str, int]
    failed_covers: dict[str, int]
    new_covers: int
    new_artworks: int
    no_product: int = len(PLAIN_PAGES)

    @property
    def failed(self) -> dict[str, int]:
        """Items that must fail, by reason."""
        return dict(Counter(self.failed_pages) + Counter(self.failed_covers))


def stock_of_night(night: int, plan: StockPlan = STANDARD_STOCK) -> list[ShopRelease]:
    """Return what the shop lists on night 1 or 2, in the order of its sitemaps.

    Raises:
        ValueError: if the shop has no such night.
    """
    if night not in (1, 2):
        raise ValueError(f"the demo shop opens on nights 1 and 2, not on night {night}")
    releases = _invent_releases(plan)
    roles = _cast(plan)
    first_night = [_in_role(i, releases, roles) for i in range(plan.n_releases)]
    if night == 1:
        return first_night
    kept = [
        _repriced(release) if i in roles.changed else release
        for i, release in enumerate(first_night)
        if i not in roles.withdrawn
    ]
    return kept + releases[plan.n_releases :]


def expected_night(night: int, plan: StockPlan = STANDARD_STOCK) -> NightExpectation:
    """Return what a refresh of that night must count."""
    before = [] if night == 1 else stock_of_night(night - 1, plan)
    now = stock_of_night(night, plan)
    known = {r.sku: r for r in before if page_failure(r, night - 1) is None}
    readable = [r for r in now if page_failure(r, night) is None]
    changed = sum(r.sku in known and r.price != known[r.sku].price for r in readable)
    new = sum(r.sku not in known for r in readable)
    images = _images_served(readable, night)
    images_before = _images_served(list(known.values()), night - 1)
    return NightExpectation(
        new=new,
        changed=changed,
        unchanged=len(readable) - new - changed,
        withdrawn=len(known.keys() - {r.sku for r in now}),
        failed_pages=dict(Counter(_failed_pages(now, night))),
        failed_covers=dict(Counter(f for r in readable if (f := cover_failure(r, night)))),
        new_covers=len({i.name for i in images} - {i.name for i in images_before}),
        new_artworks=len(
            {i.spec.artwork for i in images} - {i.spec.artwork for i in images_before}
        ),
    )


def page_failure(release: ShopRelease, night: int) -> str | None:
    """Return the reason for which the release's page cannot be read on a night, None if it can."""
    broken = release.fault is Fault.PAGE_BROKEN_AT_FIRST and night == 1
    return "http_500" if broken else None


def cover_failure(release: ShopRelease, night: int) -> str | None:
    """Return the reason for which the release's image is refused on a night, None if it is not."""
    if release.fault is Fault.IMAGE_MISSING_AT_FIRST and night == 1:
        return "http_404"
    return _COVER_FAILURES.get(release.fault)


def _failed_pages(releases: list[ShopRelease], night: int) -> list[str]:
    listed_but_lost = ["http_404", "redirect_loop", "robots_forbidden"]
    return listed_but_lost + [f for r in releases if (f := page_failure(r, night))]


def _images_served(releases: list[ShopRelease], night: int) -> set[ShopImage]:
    return {r.image for r in releases if cover_failure(r, night) is None}


@dataclass(frozen=True)
class _Roles:
    """Which releases, by index, play a part; no release plays two."""

    faults: dict[int, Fault] = field(default_factory=dict)
    same_image: dict[int, int] = field(default_factory=dict)
    reencoded: dict[int, int] = field(default_factory=dict)
    changed: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()


def _cast(plan: StockPlan) -> _Roles:
    order = list(range(plan.n_releases))
    Random(f"{plan.seed}/roles").shuffle(order)
    deal = iter(order)
    return _Roles(
        faults={next(deal): fault for fault in Fault if fault is not Fault.NONE},
        same_image={next(deal): next(deal) for _ in range(2)},
        reencoded={next(deal): next(deal) for _ in range(2)},
        changed=frozenset(next(deal) for _ in range(plan.n_changed)),
        withdrawn=frozenset(next(deal) for _ in range(plan.n_withdrawn)),
    )


def _in_role(i: int, releases: list[ShopRelease], roles: _Roles) -> ShopRelease:
    release = releases[i]
    if i in roles.same_image:
        return _repress(release, of=releases[roles.same_image[i]])
    if i in roles.reencoded:
        repress = _repress(release, of=releases[roles.reencoded[i]])
        name = repress.image.name.replace(".jpg", "-web.jpg")
        return replace(repress, image=replace(repress.image, name=name, size_px=500, quality=72))
    return replace(release, fault=roles.faults.get(i, Fault.NONE))


def _repress(release: ShopRelease, of: ShopRelease) -> ShopRelease:
    return replace(
        release,
        artist=of.artist,
        title=of.title,
        label=of.label,
        catno=f"{of.catno}-RE",
        year=min(of.year + 12, 2025),
        format="LP, Reissue, Coloured",
        genre=of.genre,
        image=of.image,
    )


def _repriced(release: ShopRelease) -> ShopRelease:
    factor = Random(f"{release.sku}/sale").choice(("0.8", "0.9", "1.1", "1.25"))
    return replace(release, price=(release.price * Decimal(factor)).quantize(Decimal("0.01")))


def _invent_releases(plan: StockPlan) -> list[ShopRelease]:
    billings = invent_billings(plan.n_releases + plan.n_new, plan.seed)
    return [_press(i, billing, plan.seed) for i, billing in enumerate(billings)]


def _press(i: int, billing: Billing, seed: int) -> ShopRelease:
    rng = Random(f"{seed}/pressing/{i}")
    artwork = hashlib.sha256(f"{seed}/artwork/{i}".encode()).hexdigest()[:12]
    spec = CoverSpec(
        artwork=artwork,
        artist=romanised(billing.artist),
        title=romanised(billing.title),
        label=romanised(billing.label),
        series=billing.series,
        number=billing.number,
    )
    japanese = billing.genre == "City Pop"
    return ShopRelease(
        sku=f"ds{10_000 + 7 * i}",
        artist=billing.artist,
        title=billing.title,
        label=billing.label,
        catno=f"{_initials(billing.label)} {rng.randint(1, 60):02d}-{100 + i}",
        year=rng.randint(1956, 2025),
        format=rng.choice(_FORMATS),
        genre=billing.genre,
        country="Japan" if japanese else rng.choice(_COUNTRIES),
        barcode=_gtin13(i, seed),
        price=_price(rng),
        currency="GBP" if rng.random() < 0.08 else "EUR",
        in_stock=rng.random() < 0.85,
        image=ShopImage(f"{artwork}.jpg", spec),
    )


def _price(rng: Random) -> Decimal:
    if rng.random() < 0.02:
        return Decimal(rng.randint(1000, 2400))
    return rng.randint(8, 60) + Decimal(rng.choice(("0.00", "0.50", "0.90", "0.99")))


def _gtin13(i: int, seed: int) -> str:
    """Return a valid in-store number: GS1 never gives prefix 29 to a product sold elsewhere."""
    digits = f"29{seed % 10_000:04d}{i:06d}"
    odd, even = (sum(map(int, digits[start::2])) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"


def _initials(label: str) -> str:
    words = _latin_words(label)
    return ("".join(word[0] for word in words) if len(words) > 1 else words[0][:3]).upper()


def _latin_words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", romanised(text).lower())
