"""Names in Milvus: a collection for each building of a model's gallery, an alias for readers.

What the rest of cratewatch calls a collection is its name without the prefix: the model, or
``model__2`` and so on for those that were built beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cratewatch.errors import SettingsError

COVERS, PERSONS = "covers", "persons"
KINDS = (COVERS, PERSONS)
LITE_SUFFIX = ".db"
"""Ends the path of a Milvus Lite file."""
_NUMBERED = re.compile(r"(?P<model>.+)__(?P<number>[1-9][0-9]*)")
_TENANT = re.compile(r"[a-z][a-z0-9]{0,31}")


@dataclass(frozen=True)
class Names:
    """The names of one tenant: a shop of its own on a server that several share.

    Attributes:
        kind: What the collections hold, of KINDS.
    """

    tenant: str = ""
    kind: str = COVERS

    def __post_init__(self) -> None:
        """Refuse a tenant whose names another's could begin with."""
        if self.tenant and (self.tenant in KINDS or not _TENANT.fullmatch(self.tenant)):
            raise SettingsError(
                f"gallery_tenant {self.tenant!r}: give up to 32 of a-z and 0-9, a letter first, "
                f"and not {self.tenant if self.tenant in KINDS else COVERS!r}"
            )

    @property
    def alias(self) -> str:
        """The alias that this tenant's readers use."""
        return f"{self.tenant}_{self.kind}" if self.tenant else self.kind

    def full(self, collection: str) -> str:
        """Return the name that Milvus knows."""
        return f"{self.alias}_{collection}"

    def ours(self, names: Iterable[str]) -> list[str]:
        """Return the collections among Milvus' names, without their prefix, sorted."""
        prefix = self.full("")
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def model_of(collection: str) -> str:
    """Return the model whose embeddings a collection holds."""
    numbered = _NUMBERED.fullmatch(collection)
    return numbered["model"] if numbered else collection


def number_of(collection: str) -> int:
    """Return which of its model's collections it is: 1 is the first."""
    numbered = _NUMBERED.fullmatch(collection)
    return int(numbered["number"]) if numbered else 1


def next_collection(model: str, existing: Iterable[str]) -> str:
    """Return the name of one more collection of a model."""
    numbers = [number_of(name) for name in existing if model_of(name) == model]
    return f"{model}__{max(numbers) + 1}" if numbers else model
