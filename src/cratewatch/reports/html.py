"""Self-contained pages: templates, and pictures inside them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from cratewatch.catalog.records import ListedRelease
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake, cover_key

TILE_PX = 144
WEB = ("https://", "http://")


def render(package: str, template: str, **values: Any) -> str:
    """Fill a template of a package's folder `templates`; an unknown name in it is an error."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def web_link(*addresses: str | None) -> str | None:
    """Return the first address that a browser may follow: a shop can write anything there."""
    return next((url for url in addresses if url and url.startswith(WEB)), None)


def picture_url(image: Image.Image) -> str:
    """Return the picture as a data URL."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def cover_url(lake: Lake, cover_id: str) -> str:
    """Return a cover of the lake, at most TILE_PX a side, as a data URL."""
    return picture_url(decode(lake.read(cover_key(cover_id)), side_px=TILE_PX))


def caption(releases: Sequence[ListedRelease]) -> dict[str, str]:
    """Return title, artist and price of an artwork's first release, empty where unknown."""
    if not releases:
        return {"title": "", "artist": "", "price": ""}
    first = releases[0]
    price = f"{first.price} {first.currency or ''}".strip() if first.price is not None else ""
    return {
        "title": first.title,
        "artist": first.artist or "",
        "price": "no longer listed" if first.withdrawn_at else price,
    }
