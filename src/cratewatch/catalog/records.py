"""The catalog's value objects: what goes in and what comes out."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

MAX_KEY = 1024
MAX_URL = 2048
"""Bytes of an address that an index may hold: PostgreSQL takes entries of 2.7 kB at most."""
MAX_TEXT = 1000
"""Characters of a name that are kept; MAX_GENRES likewise."""
MAX_GENRES = 64
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
KEY_DIGEST = 65  # what stands for the rest of a longer key: # and a SHA-256
_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)
ItemKind = Literal["listing", "page", "cover", "check", "price", "footage"]
ItemState = Literal["planned", "fetched", "stored", "embedded", "indexed", "failed", "withdrawn"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A pressing as a source lists it now, its asking price included.

    Attributes:
        source: Name of the source in the settings.
        native_id: The source's own id; ``source:native_id`` is the release_id.
        price: Asking price as the source gave it, in currency (ISO 4217), or None.
        image_url: Where the cover can be fetched, or None.
    """

    source: str
    native_id: str
    title: str
    artist: str | None = None
    year: int | None = None
    label: str | None = None
    catno: str | None = None
    barcode: str | None = None
    country: str | None = None
    format: str | None = None
    genres: tuple[str, ...] = ()
    page_url: str | None = None
    image_url: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    in_stock: bool | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, str) and not _is_kept(value):
                most = None if name.endswith(("_url", "_id")) else MAX_TEXT
                object.__setattr__(self, name, storable(value)[:most])
        if len(self.genres) > MAX_GENRES or not all(map(_is_kept, self.genres)):
            genres = (storable(genre)[:MAX_TEXT] for genre in self.genres[:MAX_GENRES])
            object.__setattr__(self, "genres", tuple(genres))

    @property
    def page_key(self) -> str:
        """The item that the release was read from."""
        return item_key(self.page_url or self.release_id)

    @property
    def release_id(self) -> str:
        """The id in the catalog, of all sources."""
        return f"{self.source}:{self.native_id}"

    def to_json(self) -> str:
        """Return canonical JSON: equal releases give equal text."""
        return _JSON.encode(vars(self))

    @classmethod
    def from_json(cls, text: str) -> Release:
        """Return the release that to_json() was asked of."""
        values = json.loads(text)
        values["genres"] = tuple(values["genres"])
        if values["price"] is not None:
            values["price"] = Decimal(values["price"])
        return cls(**values)

    def content_hash(self) -> str:
        """What tells a changed release from an unchanged one."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


@dataclass(frozen=True)
class Cover:
    """One distinct artwork as stored in the lake.

    Attributes:
        cover_id: sha256 of the stored bytes, hexadecimal.
        artwork_id: cover_id of the first cover of a group of near-identical ones.
        source_url: Where it was fetched, or the imported file's path.
    """

    cover_id: str
    artwork_id: str
    source: str
    source_url: str
    width_px: int
    height_px: int
    phash: str
    fetched_at: datetime


@dataclass(frozen=True)
class CoverToFetch:
    """An image URL that listed releases of a source name and that is not stored yet.

    Attributes:
        since: When a release that names it was first seen.
    """

    source: str
    image_url: str
    since: datetime


@dataclass(frozen=True)
class Fetched:
    """What is kept of the answer that an image came by, to see whether a later one is the same.

    Attributes:
        url: That gave it: the image's own, or one that its listing named.
        digest: sha256 of the bytes as they came, hexadecimal.
        etag: As the server wrote it, or None; last_modified likewise.
    """

    url: str
    digest: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class StoredImage:
    """An image URL whose cover is stored.

    Attributes:
        fetched: None if nothing is known of the answer that gave it.
    """

    source: str
    image_url: str
    cover_id: str
    fetched: Fetched | None


@dataclass(frozen=True)
class ListedRelease:
    """A release as it is shown beside a match, with its latest asking price."""

    release_id: str
    source: str
    artist: str | None
    title: str
    year: int | None
    label: str | None
    catno: str | None
    barcode: str | None
    country: str | None
    format: str | None
    genres: tuple[str, ...]
    page_url: str | None
    price: Decimal | None
    currency: str | None
    in_stock: bool | None
    first_seen: datetime
    last_seen: datetime
    withdrawn_at: datetime | None
    cover_id: str | None


@dataclass(frozen=True)
class Diff:
    """What a crawl changed in the catalog, in numbers of releases.

    unreachable counts listed releases whose pages failed this time: they are kept as they were.
    """

    new: int
    changed: int
    unchanged: int
    withdrawn: int
    unreachable: int = 0


@dataclass(frozen=True)
class Published:
    """What a run's prices came to in the book of observations, in numbers of prices.

    known counts those that stood there already, or that are as they were.
    """

    new: int
    known: int


@dataclass(frozen=True)
class Item:
    """A piece of work of a run, and how far it is.

    Attributes:
        kind: page (a release's), cover (an image), price (what was asked for prices), footage (a
            recording), check (a stored image that was asked for again) or listing (a sitemap, feed
            or browse page); of the last two only those that failed are kept.
        key: URL, path, id or digest of the item.
        cover_id: What an image became once it is stored.
        reason: Of a failure: short snake_case word under which it is counted.
    """

    source: str
    kind: ItemKind
    key: str
    state: ItemState
    reason: str | None = None
    detail: str | None = None
    cover_id: str | None = None


def item_key(text: str) -> str:
    """Return an item's key in a length that every database can index: MAX_KEY bytes at most."""
    clean = storable(text)
    data = clean.encode()
    if len(data) <= MAX_KEY:
        return clean
    digest = hashlib.sha256(data).hexdigest()
    return f"{data[: MAX_KEY - KEY_DIGEST].decode(errors='ignore')}#{digest}"


def storable(text: str) -> str:
    """Return text that every database can hold and every terminal show as it is.

    That is without control characters, which could speak to a terminal, without marks that turn
    the direction of what follows, and without half of a surrogate pair.
    """
    if text.isprintable():
        return text  # most are: this takes a tenth of the time
    return _UNSPEAKABLE.sub("", text).encode(errors="replace").decode()


def _is_kept(text: str) -> bool:
    """Whether a name is kept as it is: neither too long nor with anything unspeakable."""
    return text.isprintable() and len(text) <= MAX_TEXT
