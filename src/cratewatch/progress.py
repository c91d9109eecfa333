"""What a long piece of work tells about itself, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None, str], None]
"""Takes how much is done, how much there is to do (None until known), and a short note."""


def unseen(done: int, total: int | None, note: str) -> None:
    """Show no progress."""
    del done, total, note
