"""Shows a service who asks: a token of the settings, or one that is minted and renewed."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Protocol, Self
from urllib.parse import urlencode

from pydantic import SecretStr
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from cratewatch.secret_url import reveal
from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.ebay.listings import error_message
from cratewatch.sources.ebay.settings import EbaySource
from cratewatch.sources.json_answers import number_of, read_object, text_of
from scrapers.job_spider import spider_of
from scrapers.reasons import REQUEST_ERRORS, CredentialsError

RENEWALS = "renewals"
"""In a request's meta: how often it was sent again with a new token."""
MOST_RENEWALS = 3
"""A request that waited for its turn may have the last token but one."""
MINT = "mint"
"""In a request's meta: it asks for a token."""
TOKEN_PATH = "/identity/v1/oauth2/token"  # noqa: S105  an address
EARLY_S = 60.0
"""By which a token is renewed before it ends."""
HEADERS = {"Accept": "application/json"}


class Credentials(Protocol):
    """What goes into the headers of each request."""

    async def headers(self) -> dict[str, str]:
        """Return them; raise CredentialsError if there are none to be had."""

    def accept(self) -> None:
        """Say that the service took them."""

    def refuse(self, headers: dict[str, str]) -> bool:
        """Say that the service took headers for no good ones; return whether others may be."""


class Authorize:
    """Puts credentials into each request to the service itself, never into one to another host."""

    def __init__(self, credentials: Credentials | None, url: str) -> None:
        self._credentials = credentials
        self._url = f"{url.rstrip('/')}/"

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one for the crawl's source."""
        source = spider_of(crawler).job.source
        if isinstance(source, DiscogsSource | DumpSource):
            return cls(Token(source.token), source.url)
        if isinstance(source, EbaySource):
            return cls(Minted(source, crawler), source.url)
        return cls(None, "")

    async def process_request(self, request: Request) -> None:
        """Add the headers."""
        if self._is_for_it(request):
            assert self._credentials is not None
            for name, value in (await self._credentials.headers()).items():
                request.headers[name] = value

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Ask once more with a new token where the old one was refused."""
        if self._credentials is None or not self._is_for_it(request):
            return response
        if response.status != 401:
            self._credentials.accept()
            return response
        renewals = request.meta.get(RENEWALS, 0)
        if renewals >= MOST_RENEWALS:
            return response
        said = {"Authorization": (request.headers.get("Authorization") or b"").decode()}
        if not self._credentials.refuse(said):
            return response
        return request.replace(meta=request.meta | {RENEWALS: renewals + 1}, dont_filter=True)

    def _is_for_it(self, request: Request) -> bool:
        asks = request.url.startswith(self._url) and not request.meta.get(MINT)
        return self._credentials is not None and asks


class Token:
    """A token of the settings; without one the service answers less, and more slowly."""

    def __init__(self, token: SecretStr) -> None:
        shown = {"Authorization": f"Discogs token={reveal(token)}"}
        self._headers = HEADERS | (shown if token else {})

    async def headers(self) -> dict[str, str]:
        """Return them."""
        return self._headers

    def accept(self) -> None:
        """Do nothing."""

    def refuse(self, headers: dict[str, str]) -> bool:
        """Return that no other one is to be had."""
        del headers
        return False


class Minted:
    """A token for the keys of an application, minted once and again when it ends.

    Its age is told by a clock that nobody sets: those of two machines may differ by hours.
    """

    def __init__(self, source: EbaySource, crawler: Crawler) -> None:
        self._source = source
        self._crawler = crawler
        self._lock = asyncio.Lock()
        self._token = ""
        self._refused = False
        self._ends_at = 0.0
        self._failure: CredentialsError | None = None

    async def headers(self) -> dict[str, str]:
        """Return them, with a token that lives for a while yet."""
        async with self._lock:
            if not self._token or time.monotonic() >= self._ends_at:
                await self._mint()
        return HEADERS | {
            "Authorization": f"Bearer {self._token}",
            "X-EBAY-C-MARKETPLACE-ID": self._source.marketplace,
        }

    def accept(self) -> None:
        """Take the token for a good one: what ends it later is its age."""
        self._refused = False

    def refuse(self, headers: dict[str, str]) -> bool:
        """Drop the token, unless it was the next one that is refused: it is not what is wrong."""
        if headers["Authorization"] != f"Bearer {self._token}":
            return True  # another request has had it renewed meanwhile
        if self._refused:
            return False
        self._refused = True
        self._token = ""
        return True

    async def _mint(self) -> None:
        """Ask for a token; a refusal holds for the whole crawl, as mints are counted."""
        if self._failure is not None:
            raise self._failure
        keys = f"{reveal(self._source.client_id)}:{reveal(self._source.client_secret)}"
        request = Request(
            f"{self._source.url}{TOKEN_PATH}",
            method="POST",
            headers={
                "Authorization": f"Basic {base64.b64encode(keys.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode({"grant_type": "client_credentials", "scope": self._source.scope}),
            callback=NO_CALLBACK,
            meta={MINT: True},
            dont_filter=True,
        )
        try:
            response: Response = await self._crawler.engine.download_async(request)
            answer = read_object(response.body) if response.status == 200 else {}
        except (*REQUEST_ERRORS, ValueError) as error:
            raise self._fail(str(error)) from error
        token = text_of(answer.get("access_token"))
        if not token:
            raise self._fail(f"{response.status} {error_message(response.body)}".strip())
        self._token = token
        lives_s = number_of(answer.get("expires_in"))
        self._ends_at = time.monotonic() + max(EARLY_S, lives_s - EARLY_S)

    def _fail(self, said: str) -> CredentialsError:
        self._failure = CredentialsError(
            f"no token: {said}; check client_id, client_secret, and that the application has "
            f"{self._source.scope}"
        )
        return self._failure
