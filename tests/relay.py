"""A relay before a server of the tests', which cuts connections in the middle of a question."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets


@dataclass
class Relay:
    """Carries bytes to a port and back; after cut() each further question is reset."""

    port: int
    _cut: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        self._cut.set()

    def mend(self) -> None:
        self._cut.clear()

    def carry(self, client: socket.socket, server_port: int) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", server_port)) as server,
        ):
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65536):
                if self._cut.is_set():
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    break
                server.sendall(data)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


@contextlib.contextmanager
def relay_to(server_port: int) -> Iterator[Relay]:
    """Listen on a port of loopback for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = Relay(listening.getsockname()[1])

        def accept() -> None:
            with contextlib.suppress(OSError):  # until listening is closed
                while True:
                    client, _ = listening.accept()
                    threading.Thread(
                        target=relay.carry, args=(client, server_port), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        yield relay
