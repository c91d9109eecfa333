"""No command shows a password or a token, whatever goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.records import Cover
from cratewatch.gallery import connection
from flows import steps

pytestmark = pytest.mark.heavy

CATALOGS = (
    "postgresql://watch:s3@hush@127.0.0.1:1/crates",
    "postgresql://127.0.0.1:1/crates?user=watch&password=hush",
)
GALLERIES = ("http://root:hush@127.0.0.1:1", "http://127.0.0.1:1?token=hush", "root:hush@milvus")
SHOP = '[sources.shop]\nspider = "storefront"\nurl = "http://127.0.0.1:9"\n'
COMMANDS = (
    ("status", "--json"),
    ("status", "--failures"),
    ("import", "FOLDER", "--json"),
    ("identify", "FOLDER/cover-00.jpg", "--json"),
    ("index",),
    ("index", "--verify"),
    ("evaluate",),
    ("backup-gallery",),
    ("restore-gallery",),
    ("retry", "--json"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_shows_a_password(
    run: Any, home: Path, served: list[Cover], cover_folder: Path, command: tuple[str, ...]
) -> None:
    arguments = [part.replace("FOLDER", str(cover_folder)) for part in command]
    wrong = [{"CRATEWATCH_CATALOG_URL": url} for url in CATALOGS]
    wrong += [{"CRATEWATCH_GALLERY_URI": url} for url in GALLERIES]
    for environment in wrong:
        answer = run(*arguments, CRATEWATCH_HOME=str(home), **environment)
        assert "hush" not in answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("elsewhere", ["CATALOG_URL", "GALLERY_URI", "S3_ENDPOINT"])
def test_no_report_of_a_refresh_holds_a_password(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    monkeypatch.setattr(steps, "WAITS_S", (0.0, 0.0))
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.5)
    home.mkdir()
    (home / "cratewatch.toml").write_text(f'contact = "me@example.org"\n{SHOP}')
    away = {
        "CATALOG_URL": CATALOGS[0],
        "GALLERY_URI": GALLERIES[0],
        "S3_ENDPOINT": "http://me:hush@127.0.0.1:1",
    }
    environment = {f"CRATEWATCH_{elsewhere}": away[elsewhere]}
    if elsewhere == "S3_ENDPOINT":
        environment |= {"CRATEWATCH_LAKE_PATH": "s3://crates", "AWS_EC2_METADATA_DISABLED": "true"}
    answer = run("refresh", "shop", "--json", "--home", str(home), **environment)
    assert answer.returncode == 1
    assert "hush" not in answer.stdout + answer.stderr
    holding = [path for path in home.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]
    assert holding == []


def test_secrets_that_others_may_read_are_one_line_of_warning(run: Any, home: Path) -> None:
    home.mkdir()
    file = home / "cratewatch.toml"
    file.write_text('gallery_token = "root:hush"\n')
    file.chmod(0o644)
    answer = run("status", "--json", "--home", str(home))
    assert answer.returncode == 0
    assert answer.stderr == (
        f"warning: {file} holds secrets and others may read it; run `chmod 600 {file}`\n"
    )
    file.chmod(0o600)
    assert run("status", "--json", "--home", str(home)).stderr == ""
