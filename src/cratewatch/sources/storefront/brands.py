"""A brand is the label in a record shop, and now and then something else."""

from __future__ import annotations

from cratewatch.sources.storefront.medium import is_medium
from cratewatch.sources.storefront.settings import BrandIs
from cratewatch.sources.storefront.texts import real, squeeze


def no_label(brand: str, brand_is: BrandIs, artist: str | None) -> str:
    """Return why a brand or vendor is not taken for the label; "" if it is.

    A shop's own name may well be a label's: only the shop's settings can tell.
    """
    if brand_is != "label":
        return f"brand_is says that it is the {brand_is}"
    if artist and squeeze(brand) == squeeze(artist):
        return "it is the artist"
    if real(brand) is None:
        return "it only fills the place"
    return "it names a medium" if is_medium(brand) else ""
