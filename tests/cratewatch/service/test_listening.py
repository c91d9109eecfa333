"""How the service listens."""

from __future__ import annotations

import asyncio
import socket

from cratewatch.service.listening import _listen


def test_small_pieces_of_an_answer_are_sent_at_once() -> None:
    async def is_sent_at_once() -> bool:
        said: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def greet(_: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
            connection = client.get_extra_info("socket")
            said.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            client.close()

        listener = _listen("127.0.0.1", 0)
        async with await asyncio.start_server(greet, sock=listener):
            _, asking = await asyncio.open_connection(*listener.getsockname())
            asking.close()
            return bool(await said)

    assert asyncio.run(is_sent_at_once())
