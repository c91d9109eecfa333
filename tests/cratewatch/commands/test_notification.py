"""What `cratewatch notify` shows and sends."""

import json
from pathlib import Path
from typing import Any

from tests.listener import listening


def test_addresses_are_tried_and_shown_masked(run: Any, home: Path) -> None:
    home.mkdir(exist_ok=True)
    with listening() as listener:
        here, away = f"json://me:s3cret@127.0.0.1:{listener.port}", "json://127.0.0.1:1/"
        (home / "cratewatch.toml").write_text(f'[notify]\nurls = ["{here}"]\n')
        shown = run("notify", "--home", str(home))
        assert (shown.returncode, listener.heard) == (0, [])
        told = run("notify", "--test", "--json", "--home", str(home))
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["sent"]
        assert f"nights of {home} arrive" in listener.messages[0]["message"]
        (home / "cratewatch.toml").write_text(f'[notify]\nurls = ["{here}", "{away}"]\n')
        failed = run("notify", "--test", "--json", "--home", str(home))
    assert failed.returncode == 1
    assert "1 of 2 messages could not be sent" in failed.stderr
    assert len(listener.messages) == 2
    for answer in (shown, told, failed):
        assert "s3cret" not in answer.stdout + answer.stderr
        assert "127.0.0.1" in answer.stdout


def test_without_an_address_it_says_where_to_name_one(run: Any, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "cratewatch.toml").write_text("")
    said = run("notify", "--test", "--home", str(home))
    assert said.returncode == 1
    assert f"add `urls` to [notify] in {home / 'cratewatch.toml'}" in said.stderr


def test_a_mistake_in_the_settings_is_named(run: Any, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "cratewatch.toml").write_text('[notify]\nurl = ["json://localhost"]\n')
    said = run("notify", "--home", str(home))
    assert "notify.url: unknown key, perhaps `urls` is meant" in said.stderr
    (home / "cratewatch.toml").write_text('[notify]\nevents = ["red"]\n')
    assert "notify.events.0: " in run("notify", "--home", str(home)).stderr
