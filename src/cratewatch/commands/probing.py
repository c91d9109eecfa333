"""The command that shows what a crawl would understand of a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import out, show
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.settings import Settings
    from cratewatch.sources.storefront.settings import StorefrontSource

app = typer.Typer()
NO_SOURCE = "probe"


@app.command(
    epilog="Example: cratewatch probe https://shop.example/records/blue-train; "
    "cratewatch probe https://shop.example --json --home shop"
)
def probe(
    url: Annotated[
        str,
        typer.Argument(
            help="Of a product page, a sitemap or /products.json; of a front page the listing is "
            "sought."
        ),
    ],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show what a crawl understands of a page or listing of a shop, and where it stands.

    Nothing is kept. The shop is asked as a crawl asks it; the settings of its source count if
    the home has one.
    """
    from cratewatch.commands.probe_lines import probe_lines
    from scrapers.probing import ProbeJob, run_probe

    settings = load_settings(home, makes_home=home is None)
    name, source = _source_of(url, settings)
    report = run_probe(ProbeJob(url, name, source, settings.contact))
    if json_:
        show(report, json_)
    else:
        for line in probe_lines(report, out.width):
            out.print(line, soft_wrap=True)


def _source_of(url: str, settings: Settings) -> tuple[str, StorefrontSource]:
    """Return the source whose shop it is, or one with the defaults.

    Raises:
        CratewatchError: if it is no address that may be asked.
    """
    from pydantic import ValidationError

    from cratewatch.sources.storefront.addresses import absolute, host_of
    from cratewatch.sources.storefront.settings import StorefrontSource

    if "://" not in url:
        raise CratewatchError(f"{url}: it names no scheme; perhaps https://{url} is meant")
    if absolute(url, url) is None:
        raise CratewatchError(f"{url}: it is no http(s) address of a page")
    parts = urlsplit(url)
    try:
        own = StorefrontSource(spider="storefront", url=f"{parts.scheme}://{parts.netloc}")
    except ValidationError as error:
        raise CratewatchError(f"URL: {error.errors()[0]['msg']}") from error
    for name, source in settings.sources.items():
        if isinstance(source, StorefrontSource) and host_of(source.url) == host_of(url):
            return name, source
    return NO_SOURCE, own
