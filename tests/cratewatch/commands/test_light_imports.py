"""A short command answers at once: what takes seconds to import is left to those who use it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.commands.app import COMMANDS, app_for

pytestmark = pytest.mark.heavy

HEAVY = {"torch", "ray", "prefect", "transformers"}
STORES = {"sqlalchemy", "pymilvus", "pyarrow", "scipy", "cv2"}
SHOW_MODULES = """
import json, sys
from cratewatch.commands.app import app_for
from cratewatch.commands.boundary import run_command
try:
    code = run_command(app_for(sys.argv[1:]), sys.argv[1:])
except SystemExit as end:
    code = end.code
sys.stderr.write(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def modules_of(*arguments: str, code: int = 0) -> set[str]:
    """Return the top-level modules that a command imports, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES, *arguments], capture_output=True, text=True, check=True
    )
    ended, modules = json.loads(ran.stderr.splitlines()[-1])
    assert ended == code, ran.stderr
    return set(modules)


def test_help_imports_nothing_heavy() -> None:
    assert not modules_of("--help") & (HEAVY | STORES)


def test_one_command_imports_no_other() -> None:
    code = "import sys; from cratewatch.commands.app import app_for; app_for(['status'])"
    told = "print(*(name for name in sys.modules if name.startswith('cratewatch.commands.')))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}; {told}"], capture_output=True, text=True, check=True
    )
    modules = {name.rpartition(".")[2] for name in ran.stdout.split()}
    assert modules & COMMANDS.keys() == {"status"}


def test_the_module_is_the_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cratewatch", "stat"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("cratewatch: No such command 'stat'. Did you mean 'status'?")


def test_each_command_is_named_beside_the_module_that_has_it() -> None:
    for module, names in COMMANDS.items():
        app = app_for(names[:1])
        assert tuple(typer.main.get_command(app).commands) == names, module  # type: ignore[attr-defined]


def test_status_imports_no_framework(empty_home: Path) -> None:
    """SQLAlchemy, pymilvus and pyarrow it needs; pandas is what pyarrow alone would like."""
    modules = modules_of("status", "--home", str(empty_home))
    assert "pymilvus" in modules
    assert not modules & (HEAVY | {"pandas", "scipy", "requests", "cv2"})


def test_pandas_is_there_again_after_a_block_without_it() -> None:
    code = (
        "import sys\n"
        "from cratewatch.commands.lean import without_pandas\n"
        "with without_pandas():\n"
        "    import pyarrow\n"
        "    table = pyarrow.table({'a': [1]})\n"
        "    assert 'pandas' not in sys.modules\n"
        "assert len(table.to_pandas()) == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_path_that_leads_nowhere_is_told_without_the_stores(empty_home: Path) -> None:
    modules = modules_of("identify", "nowhere.jpg", "--home", str(empty_home), code=1)
    assert not modules & (HEAVY | STORES)


def test_import_imports_no_framework(home: Path, tmp_path: Path) -> None:
    (tmp_path / "covers").mkdir()
    Image.effect_noise((200, 200), 80).convert("RGB").save(tmp_path / "covers" / "a.jpg")
    modules = modules_of("import", str(tmp_path / "covers"), "--home", str(home), "--json")
    assert not modules & (HEAVY | {"pymilvus"})


def test_a_night_without_news_loads_no_framework_of_models() -> None:
    heavy = "{'torch', 'cv2', 'ray', 'prefect', 'pandas', 'scipy'}"
    code = f"import sys, flows.refreshing; assert not {heavy} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_changes_imports_no_framework(home: Path, catalog: Catalog) -> None:
    run_id = catalog.runs.start("import")
    modules = modules_of("changes", run_id, "--home", str(home))
    assert not modules & (HEAVY | {"pandas", "pymilvus", "pyarrow", "scipy", "cv2"})


def test_releases_imports_no_framework(home: Path, catalog: Catalog) -> None:
    modules = modules_of("releases", "miles", "--home", str(home))
    assert not modules & (HEAVY | {"pandas", "pymilvus", "pyarrow", "scipy", "cv2"})


def test_who_asks_for_queries_or_a_training_leaves_pytorch_to_its_workers() -> None:
    code = (
        "import sys, workers.mailbox, workers.query_runs, workers.training\n"
        "assert not {'torch', 'pytorch_metric_learning'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
