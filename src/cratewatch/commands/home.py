"""The command that makes a home."""

from __future__ import annotations

import typer

from cratewatch.commands.options import Home, load_settings
from cratewatch.commands.output import out
from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder

app = typer.Typer()

EXAMPLE = """\
# What this home is set to; docs/data-format.md tells all of it. A line that begins with # is not
# read: take the # away to set it. The environment, as in CRATEWATCH_CONTACT, goes before this file.

# contact = "mail@shop.example"      # sent to the shops and services that are asked

# Where everything is, if not in this folder.
# catalog_url = "postgresql://user@host/cratewatch"
# lake_path = "s3://bucket/prefix"
# gallery_uri = "http://host:19530"
# ray_address = "ray://head:10001"

# A shop with a sitemap and structured data, or with a /products.json; `cratewatch probe URL` shows
# beforehand what is understood of it.
# [sources.my-shop]
# spider = "storefront"
# url = "https://shop.example"
# rate_per_s = 0.5                   # requests a second, as the shop's terms permit

# A label's releases from MusicBrainz, with covers of the Cover Art Archive; needs contact.
# [sources.some-label]
# spider = "musicbrainz"
# label = "46f0f4cd-8aab-4b33-b698-f459faf64190"

# A camera whose stream `cratewatch footage` looks at.
# [cameras.door]
# url = "rtsp://user:password@10.0.0.7/stream"

# Who is told of nights that fail, are refused, are late or recover; `cratewatch notify --test`
# tries it. An address is one of apprise's; the other one is pinged when a night begins and ends.
# [notify]
# urls = ["mailto://user:password@example.org?to=crates@example.org"]
# ping_url = "https://hc.example.org/ping/5f0e"
"""


@app.command(epilog="Example: cratewatch init --home shop")
def init(home: Home = None) -> None:
    """Make a home: a folder with a cratewatch.toml to fill in."""
    from cratewatch.settings_layers import CONFIG_NAME

    folder = load_settings(home, makes_home=True).home
    file = private_folder(folder) / CONFIG_NAME
    try:
        with file.open("x") as settings:
            settings.write(EXAMPLE)
    except FileExistsError:
        raise CratewatchError(f"init: {file} is there already; edit it") from None
    file.chmod(0o600)
    said = f"{file}: name your sources there, then `cratewatch refresh NAME --home {folder}`"
    out.print(said, soft_wrap=True)
