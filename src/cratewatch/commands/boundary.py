"""The one place where an error becomes one line on standard error and an exit code."""

from __future__ import annotations

import difflib
import errno
import sys

import typer

from cratewatch.catalog.records import storable
from cratewatch.errors import BadValuesError, CratewatchError

FAILED = 1
INTERRUPTED = 130

_NO_ROOM = "make room and run the same command again"
_NO_WAY_IN = "make it writable for this user, or choose another place for it"
_NO_FOLDER = "a file is where a folder should be; move it, or choose another place"
# What the machine refuses, and what to do about it; any other OSError is a bug of ours.
REMEDIES = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EROFS: _NO_WAY_IN,
    errno.EACCES: _NO_WAY_IN,
    errno.EPERM: _NO_WAY_IN,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.EIO: "look after the disk",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "the machine as a whole has too many files open",
}


def run_command(app: typer.Typer, arguments: list[str]) -> int:
    """Run a command and return its exit code.

    What the user can act on is one line on standard error, one for each value of a file that makes
    no sense, and exit code 1; an interrupt is one line and 130. Any other exception is a bug and
    goes on to show its traceback.
    """
    try:
        # In its standalone mode Typer would end the process itself, silently on Ctrl-C.
        code = app(args=arguments, prog_name="cratewatch", standalone_mode=False)
    except BadValuesError as error:
        return max(_say(line, FAILED) for line in error.lines)
    except CratewatchError as error:
        return _say(str(error), FAILED)
    except typer.TyperException as error:
        return _say(_mistake_in_the_call(error), FAILED)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        return _say(_refusal(error), FAILED)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        return _say("interrupted; run the same command again to go on", INTERRUPTED)
    return code or 0


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"cratewatch: {storable(' '.join(message.splitlines()))}\n")
    return code


def _mistake_in_the_call(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "cratewatch"
    message = error.format_message()
    known: list[str] = getattr(error, "possibilities", None) or []  # of a mistyped option
    if near := difflib.get_close_matches(getattr(error, "option_name", ""), known, 1, 0.0):
        message = f"{error.message}. Did you mean '{near[0]}'?"
    see = f"ee `{command} --help`"
    return f"{message} S{see}" if message.endswith("?") else f"{message.rstrip('.')}; s{see}"


def _refusal(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; {REMEDIES[error.errno or 0]}"
