import errno
import os
from pathlib import Path

import pytest
import typer

from cratewatch.commands.boundary import run_command
from cratewatch.errors import CratewatchError, ImageError


def command_that_raises(error: BaseException) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def work(depth: int = 0) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CratewatchError("lake: away;\ncheck it"), 1, "lake: away; check it"),
        (ImageError("empty", "no bytes"), 1, "no bytes"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 1, "No space left on device; make room"),
        (OSError(errno.EROFS, "Read-only", "/a/b"), 1, "/a/b: Read-only; make it writable"),
        (KeyboardInterrupt(), 130, "interrupted; run the same command again to go on"),
    ],
)
def test_what_a_user_can_act_on_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(command_that_raises(error), []) == code
    printed = capsys.readouterr()
    assert printed.err.startswith(f"cratewatch: {line}")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError(errno.ECONNRESET, "reset")])
def test_a_bug_shows_where_it_is(error: Exception) -> None:
    with pytest.raises(type(error)):
        run_command(command_that_raises(error), [])


def test_a_mistake_in_the_call_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(command_that_raises(ValueError()), ["--dept", "3"]) == 1
    assert capsys.readouterr().err == (
        "cratewatch: No such option: --dept. Did you mean '--depth'? See `cratewatch --help`\n"
    )


def test_the_code_of_a_command_is_kept() -> None:
    app = typer.Typer()

    @app.command()
    def work(path: Path) -> None:
        raise typer.Exit(3)

    assert run_command(app, ["x"]) == 3
    assert run_command(app, ["--help"]) == 0
