"""A shop of any number of product pages on loopback, in a process of its own, as fast as can be.

Used by crawl_overhead.py and import_scale.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator

PAGE = """<!doctype html><html><head><title>Title {n}</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product",
"sku": "SKU-{n}", "name": "Artist {n} - Title {n}", "category": "Vinyl",
"image": "{url}/image/{n}.jpg", "brand": {{"@type": "Brand", "name": "Label {n}"}},
"offers": {{"@type": "Offer", "price": "{price}", "priceCurrency": "EUR",
"availability": "https://schema.org/InStock", "url": "{url}/page/{n}"}}}}</script></head>
<body><nav>{menu}</nav><h1>Title {n}</h1><p>{text}</p><footer>{menu}</footer></body></html>"""
MENU = "".join(f'<a href="/shelf/{n}" class="menu-item">Shelf {n}</a>' for n in range(40))
TEXT = "A record in good order, with the sleeve that it came in. " * 40


@contextlib.contextmanager
def loopback_shop(pages: int, image_bytes: int = 30_000) -> Iterator[str]:
    """Serve a shop for the duration of the block and yield its URL."""
    command = [sys.executable, __file__, str(pages), str(image_bytes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Callable[[str], tuple[str, bytes]]) -> None:
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._received = (self._received + data).split(b"\r\n\r\n")
        for request in requests:
            kind, body = self._answer(request.split(b" ", 2)[1].decode())
            status = "200 OK" if kind else "404 Not Found"
            head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            self._transport.write(f"{head}\r\n".encode() + body)


class _Shop:
    def __init__(self, pages: int, image_bytes: int) -> None:
        self._pages = pages
        self._image_bytes = image_bytes
        self.url = ""

    def answer(self, path: str) -> tuple[str, bytes]:
        """Return content type and body, both empty for what there is not."""
        if path == "/robots.txt":
            return "text/plain", f"Sitemap: {self.url}/sitemap.xml\n".encode()
        if path == "/sitemap.xml":
            pages = "".join(
                f"<url><loc>{self.url}/page/{n}</loc></url>" for n in range(self._pages)
            )
            namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
            return "application/xml", f'<urlset xmlns="{namespace}">{pages}</urlset>'.encode()
        if path.startswith("/page/"):
            return "text/html", self._page(int(path.removeprefix("/page/")))
        if path.startswith("/image/"):
            return "image/jpeg", self._image(int(path.split("/")[-1].removesuffix(".jpg")))
        return "", b""

    def _page(self, n: int) -> bytes:
        price = f"{5 + n % 40}.90"
        return PAGE.format(n=n, url=self.url, price=price, menu=MENU, text=TEXT).encode()

    def _image(self, n: int) -> bytes:
        return distinct_jpeg(n, self._image_bytes)


def distinct_jpeg(seed: int, size_bytes: int) -> bytes:
    """Return a picture of coarse blocks unlike that of another seed, about size_bytes long."""
    import io
    import random

    from PIL import Image

    blocks = Image.frombytes("RGB", (8, 8), random.Random(seed).randbytes(8 * 8 * 3))
    buffer = io.BytesIO()
    blocks.resize((300, 300), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    jpeg = buffer.getvalue()
    filling = max(0, size_bytes - len(jpeg) - 4)  # as a comment: the bytes of a larger picture
    comment = b"\xff\xfe" + (filling + 2).to_bytes(2, "big") + bytes(filling)
    return jpeg[:2] + comment + jpeg[2:]


async def _serve(pages: int, image_bytes: int) -> None:
    shop = _Shop(pages, image_bytes)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(shop.answer), "127.0.0.1", 0)
    shop.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(f"{shop.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
