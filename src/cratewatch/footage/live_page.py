"""Shows what is seen while it is seen: a page on loopback."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from cratewatch.finding.quads import Rgb
from cratewatch.footage.events import Event
from cratewatch.footage.run import Seen

PAGE = b"""<!doctype html><meta charset="utf-8"><title>cratewatch footage</title>
<style>body{margin:0;background:#111}img{display:block;margin:auto;max-width:100vw;max-height:100vh}
</style><img src="/video" alt="what the camera sees, persons made unknown">"""
QUALITY = 80
BOUNDARY = b"frame"


class LivePage:
    """An output that a browser on this machine can look at.

    Attributes:
        url: Of the page.
    """

    def __init__(self, port: int = 0) -> None:
        """Serve on a port of loopback, by default any that is free."""
        self._changed = threading.Condition()
        self._canvas: Rgb | None = None
        self._number = 0
        self._is_over = False
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def write(self, seen: Seen) -> None:
        """Show a frame's picture to whoever looks."""
        with self._changed:
            self._canvas, self._number = seen.canvas, self._number + 1
            self._changed.notify_all()

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: there is no picture after the last."""

    def close(self) -> None:
        """End the page."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_picture(self, after: int) -> tuple[int, bytes] | None:
        """Return the number of the newest picture after one, and it as JPEG; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._number > after)
            canvas, number = self._canvas, self._number
            if self._is_over or canvas is None:
                return None
        _, jpeg = cv2.imencode(".jpg", canvas[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return number, jpeg.tobytes()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    (_send_video if self.path == "/video" else _send_page)(self, page)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the browser looks no longer

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _send_page(handler: BaseHTTPRequestHandler, page: LivePage) -> None:
    del page
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", str(len(PAGE)))
    handler.end_headers()
    handler.wfile.write(PAGE)


def _send_video(handler: BaseHTTPRequestHandler, page: LivePage) -> None:
    handler.send_response(200)
    kind = f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}"
    handler.send_header("Content-Type", kind)
    handler.end_headers()
    number = 0
    while picture := page.next_picture(number):
        number, jpeg = picture
        handler.wfile.write(b"--" + BOUNDARY + b"\r\nContent-Type: image/jpeg\r\n")
        handler.wfile.write(f"Content-Length: {len(jpeg)}\r\n\r\n".encode() + jpeg + b"\r\n")
