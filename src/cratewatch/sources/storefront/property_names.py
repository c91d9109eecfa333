"""The names that people type for a field, in a list of properties or before a tag's colon."""

from __future__ import annotations

from cratewatch.sources.storefront.texts import squeeze

PROPERTY_NAMES = {
    "artist": ("artist", "band", "performer"),
    "label": ("label", "recordlabel"),
    "catno": ("catno", "catalognumber", "cataloguenumber", "catalogno", "catalogueno"),
    "barcode": ("barcode", "ean", "upc", "gtin"),
    "country": ("country", "countryoforigin"),
    "format": ("format", "mediaformat"),
    "genres": ("genre", "style"),
    "year": ("year", "released", "releaseyear", "releasedate"),
}
"""By field of a release: letters and digits of the names, the best first."""
_FIELDS = {name: field for field, names in PROPERTY_NAMES.items() for name in names}


def field_of(name: str) -> str | None:
    """Return the field that a property of this name fills, None if it fills none."""
    return _FIELDS.get(squeeze(name))
