"""Addresses as shops write them: resolved, compared, and known for a shop's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv6Address
from urllib.parse import parse_qsl, quote, unquote_plus, urldefrag, urlencode, urljoin, urlsplit

from w3lib.url import canonicalize_url

_HOST = re.compile(r"[\w](?:[\w.-]*[\w.])?")
# As most addresses are: nothing to resolve, nothing to put in lower case.
_PLAIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,4})?/(?!\.|.*/\.)[!-~]*")
_SIMPLE = re.compile(
    r"https?://(?:www\.)?([a-z0-9][a-z0-9.-]*[a-z0-9])((?:/[\w~-][\w.~-]*)*)/?", re.ASCII
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"utm_\w+|pr_\w+|mc_[ce]id|ref_?|referrer|source|campaign|aff\w*|trk|srsltid|igshid|"
    r"\w*clid|_(?:pos|sid|ss|psq|fid|v|ga|gl)|phpsessid|jsessionid|sessionid",
    re.IGNORECASE,
)
_VARIANT = frozenset({"variant", "variation_id"})
_LANGUAGE_PARAMETERS = frozenset({"lang", "language", "locale", "hl"})
# ISO 639-1, those that shops are written in: /cd/, /lp/ and /mc/ are shelves, not languages.
_LANGUAGES = (
    "ar bg bs ca cs cy da de el en es et eu fa fi fr ga gl he hr hu id is it ja ko lt lv mk ms mt "
    "nb nl nn no pl pt ro ru sk sl sq sr sv th tr uk vi zh"
)
_LANGUAGE_SEGMENT = re.compile(rf"(?:{'|'.join(_LANGUAGES.split())})(?:[-_][a-z]{{2,4}})?", re.I)
_HOME_FILE = re.compile(r"(?:index|default|home)(?:\.\w{2,5})?", re.IGNORECASE)


def absolute(address: str, base_url: str) -> str | None:
    """Return the http(s) address in full, without fragment; None for what leads nowhere.

    Scheme and host are in lower case. Leftovers of templates (``http://[cdn]/1.jpg``) lead nowhere.
    """
    if _PLAIN.fullmatch(address) and "#" not in address:
        return address
    try:
        url = urldefrag(urljoin(base_url, address.strip())).url
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if ":" in host:
            IPv6Address(host.partition("%")[0])
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not (":" in host or _HOST.fullmatch(host)):
        return None
    login, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port is None else f":{parts.port}"
    shown = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=f"{login}{at}{shown}{port}").geturl()


def host_of(url: str) -> str:
    """Return whose address it is: no www, no default port, IDNA; "" if it leads nowhere."""
    if simple := _SIMPLE.fullmatch(url):
        return simple[1]
    full = absolute(url, url)
    if full is None:
        return ""
    parts = urlsplit(full)
    host = (parts.hostname or "").rstrip(".")
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    port = parts.port if parts.port != _DEFAULT_PORTS[parts.scheme] else None
    return host.removeprefix("www.") + ("" if port is None else f":{port}")


def path_key(url: str, ignored: Iterable[str] = ()) -> str:
    """Return path and query in one spelling, whatever the host.

    Percent-encoding, Unicode form, order of parameters and a slash at the end do not count, nor
    do parameters that only track, and those that are ignored.
    """
    if simple := _SIMPLE.fullmatch(url):
        return simple[2] or "/"
    parts = urlsplit(_canonical(url))
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/") or "/"
    path = quote(unicodedata.normalize("NFC", unquote_plus(path.replace("+", "%2B"))))
    asked = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name) and name.lower() not in ignored
    ]
    return f"{path}?{urlencode(sorted(asked))}" if asked else path


def address_key(url: str) -> str:
    """Return what two spellings of one address of a site have in common, with its host."""
    return host_of(url) + path_key(url)


def product_key(url: str) -> str:
    """Return what the addresses of a product's page have in common: its variants have no own."""
    return path_key(url, _VARIANT)


def without_language(url: str) -> str:
    """Return the product's key less what only chooses a language: /de/p/1, /p/1?lang=de."""
    key = path_key(url, _VARIANT | _LANGUAGE_PARAMETERS)
    first, _, rest = key.removeprefix("/").partition("/")
    return f"/{rest}" if rest and _LANGUAGE_SEGMENT.fullmatch(first) else key


def names_language(url: str) -> bool:
    """Whether a part of the address only chooses a language."""
    return without_language(url) != product_key(url)


def is_home(url: str, shop_url: str, *, any_query: bool = False) -> bool:
    """Whether the address is the shop's front page, in whatever language.

    Args:
        any_query: Also if it asks for something: /?p=12 may be a product's, /?gone=1 is not.
    """
    path, _, query = path_key(url).partition("?")
    if query and not any_query and not names_language(url):
        return False
    segments = [part for part in path.split("/") if part]
    own = [part for part in path_key(shop_url).split("/") if part]
    if segments[: len(own)] == own:
        segments = segments[len(own) :]
    if segments and _LANGUAGE_SEGMENT.fullmatch(segments[0]):
        segments = segments[1:]
    return not segments or (len(segments) == 1 and _HOME_FILE.fullmatch(segments[0]) is not None)


def path_of(url: str) -> str:
    """Return the path and query as they are written, less a language: what an id is made of."""
    if names_language(url):
        return without_language(url)
    parts = urlsplit(url)
    return (parts.path.rstrip("/") or "/") + (f"?{parts.query}" if parts.query else "")


def _canonical(url: str) -> str:
    try:
        return canonicalize_url(url)
    except ValueError:
        return url.partition("#")[0] if "[" not in url else ""
