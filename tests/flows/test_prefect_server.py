"""Prefect's server where its home and the user's folder have awkward names."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "prefect_program.py"


def test_the_server_keeps_its_database_in_a_home_of_any_name(tmp_path: Path) -> None:
    """It is started from a folder with modules of the user's own, which it does not import."""
    home, scripts = tmp_path / "shop?a#b%41[c] é", tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "random.py").write_text("raise SystemExit('the user's own')\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    with subprocess.Popen(
        [sys.executable, "-P", PROGRAM, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=scripts,
        env=environment,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/health") as answer:
            assert answer.status == 200
        assert (home / "prefect" / "prefect.db").is_file()
        program.stdin.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scripts", home.name]
