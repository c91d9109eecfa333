"""What an import tells of one release, and what of it changes what is stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from cratewatch.catalog.records import Release
from cratewatch.errors import CratewatchError
from cratewatch.sources.folder.row import COLUMNS

_FIELDS = {column: column for column in COLUMNS if column not in ("file", "title")}
_FIELDS["genre"] = "genres"


@dataclass(frozen=True)
class Entry:
    """A release as an import tells it.

    Attributes:
        guessed: The fields that the names of file and folder told: they give way to what is stored.
    """

    release: Release
    guessed: frozenset[str] = frozenset()

    @property
    def release_id(self) -> str:
        """The release's id in the catalog."""
        return self.release.release_id

    def over(self, stored: Release | None, clear: Collection[str] = ()) -> Release:
        """Return the release with what is stored wherever nothing is given.

        Args:
            clear: Fields that are emptied where nothing is given.
        """
        if stored is None:
            return self.release
        kept = {}
        for field in ("title", "in_stock", *_FIELDS.values()):
            nothing_given = field in self.guessed or _is_empty(getattr(self.release, field))
            if nothing_given and field not in clear and not _is_empty(getattr(stored, field)):
                kept[field] = getattr(stored, field)
        return replace(self.release, **kept)


def _is_empty(value: object) -> bool:
    return value is None or value == ()


def cleared(columns: Collection[str]) -> frozenset[str]:
    """Return the fields of the columns that are to be emptied.

    Raises:
        CratewatchError: if there is no such column, or it cannot be empty.
    """
    if unknown := [column for column in columns if column not in _FIELDS]:
        raise CratewatchError(
            f"--clear: {', '.join(unknown)} cannot be emptied; these can: {', '.join(_FIELDS)}"
        )
    return frozenset(_FIELDS[column] for column in columns)
