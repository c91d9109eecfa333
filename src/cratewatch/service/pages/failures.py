"""What failed, with the picture of what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.failing import Behind


@dataclass(frozen=True)
class Failed:
    """An item that failed.

    Attributes:
        kind: page, cover, listing and their like.
        said: Why: a reason, a colon and the message.
        behind: The release that it is of, if one is known.
    """

    source: str
    kind: str
    key: str
    said: str
    behind: Behind | None

    @property
    def reason(self) -> str:
        """Say why in words."""
        return self.said.partition(":")[0].replace("_", " ")

    @property
    def message(self) -> str:
        """Say what was said about it."""
        return self.said.partition(":")[2].strip()


def pictured(catalog: Catalog, failures: Sequence[tuple[str, str, str, str]]) -> list[Failed]:
    """Return failures, each a source, kind, key and reason, with what they are of."""
    behind = catalog.failing.behind(one[:3] for one in failures)
    return [Failed(*one, behind.get(one[:3])) for one in failures]
