"""The command line, as the tests of its commands run it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console

from tests.output_schemas import check_output

if TYPE_CHECKING:
    import pytest

Answer = subprocess.CompletedProcess[str]
WIDTH = 100
PLAIN = {"NO_COLOR": "1", "COLUMNS": str(WIDTH)}


def run_process(*arguments: str, stdin: str = "", **environment: str) -> Answer:
    """Run a command in a process of its own: for what exit codes and streams do there."""
    answer = subprocess.run(
        [sys.executable, "-c", "from cratewatch.commands.app import main; main()", *arguments],
        input=stdin,
        env={**os.environ, **PLAIN, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    check_output(arguments, answer.stdout)
    return answer


def run_here(
    patch: pytest.MonkeyPatch, *arguments: str, stdin: str = "", **environment: str
) -> Answer:
    """Run a command in this process, from the boundary on: no second import of everything."""
    from cratewatch.commands import output
    from cratewatch.commands.app import app_for
    from cratewatch.commands.boundary import run_command

    with patch.context() as patched, _environment_kept(), _streams(stdin) as (out, err):
        patched.setattr(output, "out", Console(width=WIDTH, no_color=True))
        os.environ.update(PLAIN | environment)
        try:
            code = run_command(app_for(arguments), list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    check_output(arguments, out.getvalue())
    return Answer(arguments, code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _streams(stdin: str) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err
    finally:
        sys.stdin = before
