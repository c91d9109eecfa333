"""A camera on loopback that sends pictures over http, goes away, and comes back."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from tests.videos import plain


class CameraServer:
    """What it does is set while it runs.

    Attributes:
        each: Pictures that one connection gets before it is cut; None: it is not.
        is_away: Whether it answers that it is not there.
        stalls: Whether it says nothing after the first pictures.
        size_px: Of its pictures.
        calls: How often it let somebody in; FFmpeg asks once without the password before.
        refused: How often it did not.
    """

    def __init__(self, each: int | None = None) -> None:
        self.each = each
        self.is_away = self.stalls = self.is_over = False
        self.size_px = (64, 48)
        self.calls = self.refused = 0
        self.url = ""

    def pictures(self) -> Iterator[bytes]:
        """Yield about twenty a second."""
        number = 0
        while not self.is_over and (self.each is None or number < self.each):
            jpeg = io.BytesIO()
            Image.fromarray(plain(number, *self.size_px)).save(jpeg, "jpeg")
            yield jpeg.getvalue()
            number += 1
            time.sleep(0.05)
            while self.stalls and number >= 5 and not self.is_over:
                time.sleep(0.05)


@contextlib.contextmanager
def camera_server(each: int | None = None) -> Iterator[CameraServer]:
    """Serve on a port of loopback; user and password are me and secret."""
    camera = CameraServer(each)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(camera))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    camera.url = f"http://me:secret@127.0.0.1:{server.server_port}/video"
    try:
        yield camera
    finally:
        camera.is_over = True
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(camera: CameraServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if camera.is_away:
                camera.refused += 1
                self.send_error(503)
            elif self.headers.get("Authorization") != "Basic bWU6c2VjcmV0":
                camera.refused += 1
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
            else:
                self._send()

        def _send(self) -> None:
            camera.calls += 1
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for jpeg in camera.pictures():
                    self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n")
                    self.wfile.write(f"Content-Length: {len(jpeg)}\r\n\r\n".encode())
                    self.wfile.write(jpeg + b"\r\n")

        def log_message(self, *_: object) -> None:
            pass

    return Handler
