"""The shop's HTML: products in the markups and price formats that real shops use."""

import json
from collections.abc import Callable
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import urljoin

from cratewatch.demo.stock import PLAIN_PAGES, ShopRelease

_STYLE = (
    "body{font:16px/1.5 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "background:#faf7f0;color:#222}img{width:100%;max-width:24rem}dt{color:#777}"
    "nav a{margin-right:1rem}.price{font-size:1.4rem}"
)
_SYMBOLS = {"EUR": "€", "GBP": "£"}

JsonLd = dict[str, Any]


def product_page(release: ShopRelease, base_url: str) -> str:
    """Return the page; the same release always comes in the same one of the shop's markups."""
    head, body = _MARKUPS[_style_number(release) % len(_MARKUPS)](release, base_url)
    return _page(f"{_name(release)} | Demo Records", head, body)


def home_page(releases: list[ShopRelease]) -> str:
    """Return the front page, with the latest of the stock."""
    links = "".join(
        f'<li><a href="{escape(r.page_path)}">{escape(_name(r))}</a></li>' for r in releases[-40:]
    )
    return _page("Demo Records", "", f"<h1>Demo Records</h1><h2>New in</h2><ul>{links}</ul>")


def plain_page(path: str) -> str:
    """Return a page that sells nothing."""
    heading = path.strip("/").replace("-", " ").capitalize()
    return _page(heading, "", f"<h1>{heading}</h1><p>Monday to Saturday, eleven to seven.</p>")


def error_page(status: int) -> str:
    """Return what a visitor reads who meets an error."""
    return _page(f"Error {status}", "", f"<h1>Error {status}</h1><p>The needle jumped.</p>")


def _page(title: str, head: str, body: str) -> str:
    links = "".join(f'<a href="{path}">{path[1:] or "home"}</a>' for path in ("/", *PLAIN_PAGES))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>{head}</head><body><nav>{links}</nav>{body}</body></html>"
    )


def _style_number(release: ShopRelease) -> int:
    return int(release.barcode[:-1])


def _name(release: ShopRelease) -> str:
    return f"{release.artist} \N{EN DASH} {release.title}"


def _visible(release: ShopRelease) -> str:
    facts = {
        "Artist": release.artist,
        "Label": release.label,
        "Cat. no.": release.catno,
        "Year": str(release.year),
        "Format": release.format,
        "Genre": release.genre,
        "Country": release.country,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return (
        f'<h1>{escape(_name(release))}</h1><img src="{release.image_path}" alt="">'
        f'<p class="price">{_european(release.price)} {_SYMBOLS[release.currency]}</p>'
        f"<dl>{rows}</dl>"
    )


def _european(price: Decimal) -> str:
    return f"{price:,.2f}".translate(str.maketrans(",.", ".,"))


def _offer(release: ShopRelease) -> JsonLd:
    return {
        "@type": "Offer",
        **_price_forms(release)[_style_number(release) % 5],
        "availability": _availability(release),
        "itemCondition": "https://schema.org/NewCondition",
    }


def _price_forms(release: ShopRelease) -> tuple[JsonLd, ...]:
    currency = {"priceCurrency": release.currency}
    return (
        {"price": float(release.price), **currency},
        {"price": f"{release.price:.2f}", **currency},
        {"price": _european(release.price), **currency},
        {"price": f"{_european(release.price)} {_SYMBOLS[release.currency]}"},
        {
            "priceSpecification": {
                "@type": "UnitPriceSpecification",
                "price": f"{release.price:.2f}",
                **currency,
            }
        },
    )


def _availability(release: ShopRelease) -> str:
    return f"https://schema.org/{'InStock' if release.in_stock else 'OutOfStock'}"


def _json_ld(data: JsonLd) -> str:
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    closed = text.replace("</", "<\\/")
    return f'<script type="application/ld+json">{closed}</script>'


def _product(release: ShopRelease, base_url: str) -> JsonLd:
    return {
        "@type": "Product",
        "name": _name(release),
        "sku": release.sku,
        "gtin13": release.barcode,
        "mpn": release.catno,
        "brand": {"@type": "Brand", "name": release.label},
        "category": f"Vinyl > {release.genre}",
        "image": urljoin(base_url, release.image_path),
        "url": urljoin(base_url, release.page_path),
    }


def _one_offer(release: ShopRelease, base_url: str) -> tuple[str, str]:
    product = _product(release, base_url) | {"offers": _offer(release)}
    return _json_ld(product), _visible(release)


def _offer_list(release: ShopRelease, base_url: str) -> tuple[str, str]:
    product = _product(release, base_url) | {
        "image": [urljoin(base_url, release.image_path)],
        "offers": [_offer(release)],
    }
    breadcrumbs = {"@type": "BreadcrumbList", "itemListElement": []}
    return _json_ld(breadcrumbs) + _json_ld(product), _visible(release)


def _aggregate_offer(release: ShopRelease, base_url: str) -> tuple[str, str]:
    product = _product(release, base_url) | {
        "image": {"@type": "ImageObject", "url": urljoin(base_url, release.image_path)},
        "offers": {
            "@type": "AggregateOffer",
            "lowPrice": f"{release.price:.2f}",
            "highPrice": f"{release.price:.2f}",
            "priceCurrency": release.currency,
            "offerCount": 1,
            "availability": _availability(release),
        },
    }
    return _json_ld(product), _visible(release)


def _music_graph(release: ShopRelease, base_url: str) -> tuple[str, str]:
    music = {
        "@type": ["MusicRelease", "Product"],
        "name": release.title,
        "sku": release.sku,
        "gtin13": release.barcode,
        "byArtist": {"@type": "MusicGroup", "name": release.artist},
        "recordLabel": {"@type": "Organization", "name": release.label},
        "catalogNumber": release.catno,
        "datePublished": str(release.year),
        "musicReleaseFormat": "https://schema.org/VinylFormat",
        "genre": release.genre,
        "image": urljoin(base_url, release.image_path),
        "offers": _offer(release),
    }
    site = {"@type": "WebSite", "name": "Demo Records", "url": base_url}
    return _json_ld({"@graph": [site, music]}), _visible(release)


def _album_with_release(release: ShopRelease, base_url: str) -> tuple[str, str]:
    album = {
        "@type": "MusicAlbum",
        "name": release.title,
        "byArtist": [{"@type": "MusicGroup", "name": release.artist}],
        "genre": [release.genre],
        "url": urljoin(base_url, release.page_path),
        "image": release.image_path,
        "albumRelease": {
            "@type": "MusicRelease",
            "recordLabel": {"@type": "Organization", "name": release.label},
            "catalogNumber": release.catno,
            "datePublished": f"{release.year}-03-01",
            "gtin13": release.barcode,
        },
        "offers": _offer(release) | {"sku": release.sku},
    }
    return _json_ld(album), _visible(release)


def _open_graph(release: ShopRelease, base_url: str) -> tuple[str, str]:
    properties = {
        "og:type": "product",
        "og:site_name": "Demo Records",
        "og:title": _name(release),
        "og:url": urljoin(base_url, release.page_path),
        "og:image": urljoin(base_url, release.image_path),
        "product:retailer_item_id": release.sku,
        "product:brand": release.label,
        "product:price:amount": f"{release.price:.2f}",
        "product:price:currency": release.currency,
        "product:availability": "instock" if release.in_stock else "oos",
    }
    metas = "".join(
        f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items()
    )
    return metas, _visible(release)


def _microdata(release: ShopRelease, base_url: str) -> tuple[str, str]:
    availability = _availability(release)
    product = (
        '<div itemscope itemtype="https://schema.org/Product">'
        f'<meta itemprop="sku" content="{release.sku}">'
        f'<meta itemprop="gtin13" content="{release.barcode}">'
        f'<meta itemprop="mpn" content="{escape(release.catno)}">'
        f'<h1 itemprop="name">{escape(_name(release))}</h1>'
        f'<img itemprop="image" src="{urljoin(base_url, release.image_path)}" alt="">'
        '<p itemprop="brand" itemscope itemtype="https://schema.org/Brand">'
        f'<span itemprop="name">{escape(release.label)}</span></p>'
        '<p class="price" itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        f'<span itemprop="price" content="{release.price:.2f}">{_european(release.price)}</span>'
        f'<meta itemprop="priceCurrency" content="{release.currency}">'
        f'<link itemprop="availability" href="{availability}"></p></div>'
    )
    return "", product


_MARKUPS: tuple[Callable[[ShopRelease, str], tuple[str, str]], ...] = (
    _one_offer,
    _music_graph,
    _offer_list,
    _music_graph,
    _aggregate_offer,
    _one_offer,
    _album_with_release,
    _open_graph,
    _one_offer,
    _music_graph,
    _microdata,
)
