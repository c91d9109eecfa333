"""Prefect's server where its home and the user's folder have awkward names."""

import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.servers import HOME_OF_PREFECT


def test_the_server_keeps_its_database_in_a_home_of_any_name(
    server: Callable[[str], str], server_folder: Callable[[str], Path]
) -> None:
    """It is started from a folder with modules of the user's own, which it does not import."""
    with urllib.request.urlopen(f"{server('prefect')}/health") as answer:
        assert answer.status == 200
    folder = server_folder("prefect")
    assert (folder / HOME_OF_PREFECT / "prefect" / "prefect.db").is_file()
    assert sorted(path.name for path in folder.iterdir()) == ["scripts", HOME_OF_PREFECT]
