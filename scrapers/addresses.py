"""Which addresses a crawl may ask: every URL passes here before it becomes a request.

What a shop says of itself is not trusted: a sitemap, a redirect or an image may name a file of this
machine, a service of the network that it stands in, or the address under which clouds hand out
credentials. Only http and https are asked, and only hosts of the public network, unless the source
itself is of another one.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from cratewatch.secret_url import reveal
from cratewatch.sources.source import LOOPBACK, Source

SCHEMES = ("http", "https")
REACH = "REACH"
"""Of Scrapy's settings: the Reach of the crawl."""
INTERNAL = "internal"
"""In a request's meta: it is a spider's own, and goes nowhere."""


class AddressRefusedError(IgnoreRequest):
    """A URL may not be asked."""


class Reach:
    """The networks that a source may be asked in.

    Attributes:
        refused: Names of hosts that lead elsewhere, and where to.
    """

    def __init__(self, source: Source) -> None:
        self._private = source.private_network
        self.refused: dict[str, str] = {}
        self._proxies = {urlsplit(url).hostname for url in getproxies().values()}
        self._proxies |= {urlsplit(reveal(url)).hostname for url in source.proxies}
        self._loopback = any(_is_loopback(urlsplit(url).hostname) for url in source.addresses)

    def admits(self, address: str) -> bool:
        """Whether an IP address may be asked."""
        ip = _bare(ip_address(address))
        if ip.is_loopback:
            return self._loopback
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            return False
        return self._private or ip.is_global

    def why_not(self, url: str) -> str:
        """Return why a URL may not be asked, as far as it tells itself; "" if it may."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError as error:
            return f"no address ({error})"
        if parts.scheme not in SCHEMES:
            return f"{parts.scheme or 'no scheme'}: only http and https are asked"
        if not host:
            return "it names no host"
        if host in self.refused:
            return f"{host} leads to {self.refused[host]}, which is none of the public network"
        try:
            return "" if self.admits(host) else f"{host} is none of the public network"
        except ValueError:  # a name, which the resolver looks at
            return ""

    def check(self, host: str, address: str) -> str:
        """Return the address that a host's name leads to.

        Raises:
            DNSLookupError: if it may not be asked; who tries again is told why by why_not().
        """
        if host not in self._proxies and not self.admits(address):
            self.refused[host] = address
            raise DNSLookupError(self.why_not(f"http://{host}/"))
        return address


class AddressRules:
    """Refuses requests, those of redirects and robots.txt included."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the reach of the crawl from Scrapy's settings."""
        return cls(crawler.settings[REACH])

    def process_request(self, request: Request) -> None:
        """Raise AddressRefusedError for what may not be asked."""
        if request.meta.get(INTERNAL):
            return
        if why := self._reach.why_not(request.url):
            raise AddressRefusedError(f"{request.url}: {why}")


class GuardedResolver(CachingThreadedResolver):
    """Resolves names, and refuses those that lead to where a source may not be asked.

    The connection is made to the very address that was looked at: a name that changes its mind
    between two look-ups gains nothing.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, reach: Reach) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._reach = reach

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Take the reach of the crawl from Scrapy's settings; there is no spider yet."""
        settings = crawler.settings
        return cls(
            reactor,
            settings.getint("DNSCACHE_SIZE"),
            settings.getfloat("DNS_TIMEOUT"),
            settings[REACH],
        )

    def getHostByName(self, name: str, timeout: object = ()) -> Deferred[str]:  # noqa: N802
        """Resolve a name; fail with DNSLookupError where it leads elsewhere."""
        del timeout
        return super().getHostByName(name).addCallback(lambda found: self._reach.check(name, found))


def _bare(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one carries, or the address itself."""
    if isinstance(ip, IPv6Address):
        teredo = ip.teredo[1] if ip.teredo else None
        return ip.ipv4_mapped or ip.sixtofour or teredo or ip
    return ip


def _is_loopback(host: str | None) -> bool:
    try:
        return _bare(ip_address(host or "")).is_loopback
    except ValueError:
        return host in LOOPBACK
