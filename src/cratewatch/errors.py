"""The errors that a user sees as one line; everything else is a bug and shows its traceback."""

from collections.abc import Sequence

ANOTHER_WRITES = "another refresh, import or index is running"


class CratewatchError(Exception):
    """A failure that the user can act on: the message says what, where and what to do."""


class SettingsError(CratewatchError):
    """A setting is unknown, missing or out of range."""


class NotFoundError(CratewatchError):
    """Something that was asked for by name is not in the catalog, the lake or the gallery."""


class BadValuesError(CratewatchError):
    """Values of a file make no sense; a line for each.

    Attributes:
        lines: Each says where, what and which value.
    """

    def __init__(self, lines: Sequence[str], more: int = 0) -> None:
        super().__init__(lines, more)
        self.lines = [*lines, f"and {more} more such values"] if more > 0 else list(lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


class BusyError(CratewatchError):
    """Another process is writing where one at a time may."""

    def __init__(self, where: str, what: str = ANOTHER_WRITES) -> None:
        super().__init__(f"{where}: {what}; try again when it has ended")


class UnavailableError(CratewatchError):
    """An outside system is away, full or refuses us; no item that was on its way is at fault."""


class CatalogAwayError(CratewatchError):
    """The catalog's database is away, locked, full or broken."""


class ImageError(CratewatchError):
    """Bytes that cannot become a cover or a query.

    Attributes:
        reason: Short snake_case word under which the failure is counted.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)  # both, so that it travels between processes
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message


class CheckError(CratewatchError):
    """A release check failed; whatever was serving before still serves."""
