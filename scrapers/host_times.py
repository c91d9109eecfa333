"""How long the hosts of a crawl take to answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrapy.http import Request

MOST_HOSTS = 20
"""That are told of: images of many shops may lie on hosts of their own."""


@dataclass
class _Took:
    requests: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0


class HostTimes:
    """Sums up what each host took."""

    def __init__(self) -> None:
        self._hosts: defaultdict[str, _Took] = defaultdict(_Took)

    def add(self, request: Request) -> None:
        """Count an answer; Scrapy notes at its request how long it took."""
        latency_s = request.meta.get("download_latency")
        host = urlsplit(request.url).netloc.rpartition("@")[2]
        if latency_s is None or not host:
            return
        took = self._hosts[host]
        took.requests += 1
        took.seconds += latency_s
        took.slowest_s = max(took.slowest_s, latency_s)

    def told(self) -> dict[str, dict[str, float]]:
        """Return the slowest hosts on the average, the slowest first."""
        means = {host: took.seconds / took.requests for host, took in self._hosts.items()}
        slowest = sorted(means, key=lambda host: -means[host])[:MOST_HOSTS]
        return {
            host: {
                "requests": self._hosts[host].requests,
                "mean_s": round(means[host], 4),
                "slowest_s": round(self._hosts[host].slowest_s, 4),
            }
            for host in slowest
        }
