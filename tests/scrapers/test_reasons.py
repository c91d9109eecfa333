import gzip
from typing import Any

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.test import get_crawler

from scrapers.reasons import reason_of


def test_what_is_too_large_only_when_it_is_unpacked_is_called_so() -> None:
    unpacks: Any = HttpCompressionMiddleware.from_crawler(
        get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": 1000})
    )
    packed = Response(
        "http://shop/1", headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(10_000))
    )
    try:
        unpacks.process_response(Request("http://shop/1"), packed)
    except IgnoreRequest as error:
        assert reason_of(error) == "too_large"  # noqa: PT017  its text is Scrapy's own
    else:
        raise AssertionError("it was unpacked")
