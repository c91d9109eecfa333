"""The documents against the code, as far as a reader relies on them."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from cratewatch.catalog.table import Table
from cratewatch.commands.app import app_for
from cratewatch.commands.changes import COLUMNS as COLUMNS_OF_CHANGES
from cratewatch.datasets.confused_pairs import HEADER
from cratewatch.datasets.splits import VALIDATION_SHARE
from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.lake.folder import FolderLake
from cratewatch.notify import Notify
from cratewatch.settings import Settings, load_settings
from cratewatch.settings_layers import CONFIG_NAME, ENV_PREFIX
from cratewatch.sources.cameras import Camera
from cratewatch.sources.configured import SPIDERS
from cratewatch.sources.folder.row import COLUMNS
from cratewatch.sources.source import Source
from cratewatch.sources.till.settings import Column, Till
from cratewatch.synthesis.hand import DOINGS, SKINS
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig
from cratewatch.synthesis.scene_file import GivenBox, GivenScene
from cratewatch.synthesis.stickers import PHRASES

ROOT = Path(__file__).parents[1]
NO_MODULES = {CONFIG_NAME, "cratewatch.open"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FORMATS = ROOT / "docs" / "data-format.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
OPERATIONS = ROOT / "docs" / "operations.md"
PACKAGES = {name: ROOT / name for name in ("flows", "scrapers", "workers")} | {
    "cratewatch": ROOT / "src" / "cratewatch"
}

HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"(?:bin/|(?<![\w/.-]))cratewatch ([a-z][\w-]*)([^|;&#\n]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"(?:(?:src|flows|scrapers|workers|tests|docs|benchmarks|infra)/[\w/.-]*)")
# The hosts of package registries, their index pages, and the ways to name another index.
REGISTRY = re.compile(
    r"pypi\.|pythonhosted\.|pytorch\.org/whl|anaconda\.org|npmjs\.|https?://\S+/simple\b"
    r"|(?<!emit-)index[-_]url|find[-_]links\s*[= ]\s*http|UV_(?:DEFAULT_)?INDEX\b",
    re.IGNORECASE,
)


PROPERTIES = {"SourceReport": {"listed_by"}}
"""What as_json() of a class has beside its fields."""


def headings(text: str) -> list[tuple[int, str]]:
    return [(len(m[1]), m[2].strip()) for m in HEADING.finditer(FENCED.sub("", text))]


def below(heading: str) -> str:
    """Return what stands in data-format.md from a heading to the next of any level."""
    text = FORMATS.read_text()
    found = [m for m in HEADING.finditer(text) if m[2].strip() == heading]
    assert len(found) == 1, f"{FORMATS.name}: {len(found)} headings {heading!r}"
    rest = text[found[0].end() :]
    following = HEADING.search(rest)
    return rest[: following.start()] if following else rest


def rows(heading: str) -> dict[str, list[str]]:
    """Return the table below a heading: the name in its first column to the other cells."""
    lines = [line for line in below(heading).splitlines() if line.startswith("|")]
    assert len(lines) > 2, f"{FORMATS.name}: no table below {heading!r}"
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
    names = [row[0].strip("`| ") for row in cells]
    assert len(set(names)) == len(names), f"{FORMATS.name}: {heading!r} names a key twice"
    assert all(len(row) > 1 and row[-1].strip("| ") for row in cells), heading
    return dict(zip(names, [row[1:] for row in cells], strict=True))


def documented_tables() -> list[str]:
    names = headings(FORMATS.read_text())
    start = names.index((2, "Catalog")) + 1
    end = next(i for i in range(start, len(names)) if names[i][0] <= 2)
    return [name for _, name in names[start:end]]


def code_of(text: str) -> Iterator[str]:
    """Yield inline code and the lines of fenced blocks, continued lines joined."""
    for block in FENCED.findall(text):
        yield from block.replace("\\\n", " ").splitlines()[1:-1]
    yield from CODE.findall(FENCED.sub("", text))


@cache
def commands() -> dict[str, Any]:
    found: dict[str, Any] = typer.main.get_command(app_for([])).commands  # type: ignore[attr-defined]
    return found


def wrong_calls(code: str) -> list[str]:
    """Return what is wrong with the calls of cratewatch in a piece of code."""
    wrong = []
    for name, rest in CALL.findall(code):
        if name not in commands():
            wrong.append(f"cratewatch {name}")
            continue
        known = {option for parameter in commands()[name].params for option in parameter.opts}
        unknown = set(OPTION.findall(rest)) - known - {"--help"}
        wrong += [f"cratewatch {name} {option}" for option in sorted(unknown)]
    return wrong


def tree_of(module: str) -> ast.Module:
    """Return a module's tree, read without importing what it needs."""
    file = module_file(module)
    assert file is not None, f"no module {module}"
    return ast.parse(file.read_text())


def class_fields(module: str, name: str) -> set[str]:
    """Return the annotated fields of a class."""
    tree = tree_of(module)
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return {
        node.target.id
        for node in found.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def function_keys(module: str, name: str) -> set[str]:
    """Return the keys that a function writes: of its dict literals and of item assignments."""
    tree = tree_of(module)
    (found,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    keys: list[Any] = []
    for node in ast.walk(found):
        if isinstance(node, ast.Dict):
            keys += node.keys
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            keys.append(node.slice)
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def module_file(dotted: str) -> Path | None:
    package, *parts = dotted.split(".")
    path = PACKAGES[package].joinpath(*parts)
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_table_is_documented_and_no_other() -> None:
    assert sorted(documented_tables()) == sorted(Table.metadata.tables)


@pytest.mark.parametrize("table", sorted(Table.metadata.tables))
def test_every_column_is_documented_and_no_other(table: str) -> None:
    columns = Table.metadata.tables[table].columns
    documented = rows(table)
    assert set(documented) == set(columns.keys())
    for column in columns:
        kind = documented[column.name][0]
        assert ("or null" in kind) == bool(column.nullable), f"{table}.{column.name}"
        assert kind.endswith("key") == column.primary_key, f"{table}.{column.name}"


def default_of(model: type[BaseModel], name: str) -> str:
    default = model.model_fields[name].default
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "none" if default is None else f"`{json.dumps(default)}`"


def test_every_setting_is_documented_with_its_default(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    documented = rows("All settings")
    assert set(documented) == set(Settings.model_fields)
    for name, (_, default, variable, _) in documented.items():
        assert variable == f"`{ENV_PREFIX}{name.upper()}`"
        value = getattr(settings, name)
        value = {} if isinstance(value, BaseModel) else value
        in_home = str(tmp_path) in str(value)
        text = str(value) if in_home else json.dumps(value, default=str)
        shown = text.replace(str(tmp_path), "HOME")
        expected = str(Settings.model_fields["home"].default) if name == "home" else shown
        assert default == f"`{expected}`", name


def test_settings_of_messages_are_documented_with_their_defaults() -> None:
    documented = rows("Who is told of nights")
    assert set(documented) == set(Notify.model_fields)
    for name, (_, default, _) in documented.items():
        value = Notify.model_fields[name].default
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        assert default == f"`{json.dumps(plain)}`", name


def test_settings_of_cameras_are_documented() -> None:
    assert set(rows("Cameras")) == set(Camera.model_fields)


def test_settings_of_tills_are_documented_with_their_defaults() -> None:
    documented = rows("Tills")
    assert set(documented) == set(Till.model_fields)
    for name, (_, default, _) in documented.items():
        assert default == default_of(Till, name), name
    assert all(f"`{column}`" in documented["columns"][-1] for column in get_args(Column))


def test_what_show_prints_is_documented() -> None:
    text = below("show --json")
    written = function_keys("cratewatch.catalog.browsing", "_all_of_release")
    written |= function_keys("cratewatch.catalog.browsing", "_all_of_cover")
    assert all(f"`{name}`" in text for name in written)


def test_settings_of_every_source_are_documented_with_their_defaults() -> None:
    documented = rows("Every source")
    assert set(documented) == set(Source.model_fields) - {"spider"}
    for name, (_, default, _) in documented.items():
        assert default == default_of(Source, name), name


@pytest.mark.parametrize("spider", SPIDERS)
def test_settings_of_each_source_are_documented_with_their_defaults(spider: str) -> None:
    model = SPIDERS[spider]
    common, own = rows("Every source"), rows(f"Source: {spider}")
    assert set(common) | set(own) == set(model.model_fields)
    for name, (_, default, _) in (common | own).items():
        assert default == default_of(model, name), name


def test_the_label_of_a_drawn_query_is_documented() -> None:
    cover = np.full((64, 64, 3), 128, np.uint8)
    labels = [draw_query(cover, "cover", seed, SceneConfig()).label for seed in range(4)]
    boxes = [box for label in labels for box in label["boxes"]]  # type: ignore[attr-defined]
    assert boxes
    for label in labels:
        assert set(rows("Label")) == set(label)
        assert set(rows("Label: degradation")) == set(label["degradation"])  # type: ignore[call-overload]
    assert all(set(rows("Label: boxes")) == set(box) for box in boxes)
    assert all(set(rows("Label: boxes: mask")) == set(box["mask"]) for box in boxes)
    phrases = [*DOINGS.values(), *SKINS, *PHRASES.values()]
    assert all(f"`{phrase}`" in below("Label: boxes") for phrase in phrases)


def test_what_a_scene_file_and_a_pairs_file_hold_is_documented() -> None:
    assert list(rows("Scene file")) == list(GivenScene.model_fields)
    assert list(rows("Scene file: boxes")) == list(GivenBox.model_fields)
    assert list(rows("Pairs file")) == HEADER.split(",")
    example = re.search(r"```json\n(.+)\n```", below("Scene file"))
    assert example
    GivenScene.model_validate_json(example[1])


def test_the_columns_of_an_import_are_documented() -> None:
    assert list(rows("Import CSV")) == list(COLUMNS)


@pytest.mark.parametrize(
    ("heading", "module", "name"),
    [
        ("manifest.json", "cratewatch.datasets.shards", "Manifest"),
        ("config.json: model", "cratewatch.embedding.config", "ModelConfig"),
        ("quantize --json", "cratewatch.training.quantising", "Quantised"),
        ("calibration.json", "cratewatch.retrieval.verdict", "Calibration"),
        ("calibration.json: search", "cratewatch.retrieval.config", "SearchConfig"),
        ("config.json: training: loss", "cratewatch.training.config", "LossConfig"),
        ("config.json: training: draw", "cratewatch.training.config", "Draw"),
        ("A release of a match", "cratewatch.catalog.records", "ListedRelease"),
        ("Refresh report: crawl and covers", "scrapers.launch", "CrawlReport"),
        ("Refresh report: a file of a dump", "cratewatch.sources.dumps.reports", "FileRead"),
        ("Refresh report: diff", "cratewatch.catalog.records", "Diff"),
        ("Refresh report: index", "cratewatch.indexing.agreement", "IndexReport"),
        ("evaluate --json", "cratewatch.evaluation.grid", "GridEvaluation"),
        ("evaluate --json: a comparison", "cratewatch.evaluation.grid", "ComparedRow"),
        ("evaluate --json: a row", "cratewatch.evaluation.grid", "Row"),
        ("evaluate --queries --json", "cratewatch.evaluation.serving", "Evaluation"),
        ("evaluate --json: a recall", "cratewatch.evaluation.metrics", "Share"),
        ("Gallery backups", "cratewatch.indexing.backups", "Backup"),
        ("restore-gallery --json", "cratewatch.indexing.restoring", "Restored"),
        ("import --json", "cratewatch.sources.folder.importing", "ImportReport"),
        ("refresh-prices --json", "flows.price_report", "PriceReport"),
        ("import-sales --json", "cratewatch.sources.till.importing", "SalesReport"),
        ("analyse-footage --json", "flows.footage_report", "FootageNight"),
        ("index-footage --json", "cratewatch.words.indexing", "PersonsIndexed"),
        ("footage --json", "cratewatch.footage.analysing", "FootageReport"),
        ("footage --json: a camera", "workers.camera_report", "CameraReport"),
        ("intent --json", "cratewatch.intent.report", "IntentReport"),
        ("intent --json: a period", "cratewatch.intent.report", "PeriodIntent"),
        ("intent --json: an album", "cratewatch.intent.report", "AlbumIntent"),
        ("intent --json: a group", "cratewatch.intent.report", "GroupIntent"),
        ("probe --json", "cratewatch.sources.storefront.probe", "Probe"),
        ("probe --json: a release", "cratewatch.sources.storefront.probe", "ProbedRelease"),
        ("probe --json: a field", "cratewatch.sources.storefront.probe", "ProbedField"),
        ("probe --json: passed over", "cratewatch.sources.storefront.said", "PassedOver"),
        ("Refresh report", "flows.source_report", "SourceReport"),
        ("synthesize --json", "cratewatch.datasets.run_report", "RunReport"),
        ("train --json", "workers.mailbox", "TrainedModel"),
        ("renew --json", "workers.renewal_report", "RenewalReport"),
        ("renew --json: recall", "cratewatch.evaluation.paired", "PairedRecall"),
        ("Demo report", "cratewatch.demo.report", "DemoResult"),
    ],
)
def test_keys_of_a_dataclass_are_documented(heading: str, module: str, name: str) -> None:
    assert set(rows(heading)) == class_fields(module, name) | PROPERTIES.get(name, set())


def test_the_columns_of_changes_are_documented() -> None:
    assert list(rows("changes --json")) == list(COLUMNS_OF_CHANGES)


def test_keys_that_functions_write_are_documented() -> None:
    assert set(rows("A match")) == function_keys("cratewatch.retrieval.answers", "_match")


def test_files_of_a_model_folder_are_documented(tmp_path: Path) -> None:
    config = ModelConfig(stages=1)
    name = save_model(FolderLake(tmp_path), EmbeddingNet(config), config, {}, [])
    files = {file.name for file in (tmp_path / "models" / name).iterdir()}
    assert files == set(rows("Model folder"))


def test_keys_of_a_training_are_documented() -> None:
    config = class_fields("cratewatch.training.config", "TrainConfig") - {"model"}
    provenance = function_keys("workers.training_worker", "_provenance")
    metrics = {"final_loss", "seconds", "waiting", "validation"}
    assert metrics <= provenance
    assert all(f"`{name}`" in " ".join(rows("Model folder")["metrics.json"]) for name in metrics)
    training = provenance - {"training", "metrics"} - metrics
    assert set(rows("config.json: training")) == training | config


def test_keys_of_status_are_documented() -> None:
    (status,) = [
        node.value
        for node in ast.walk(tree_of("cratewatch.monitoring.status"))
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "report"
    ]
    keys = {key.value for key in status.keys}
    assert set(rows("status --json")) == keys | {"gallery"}


def test_every_module_that_a_document_names_exists() -> None:
    pattern = re.compile(rf"(?<![\w/.-])(?:{'|'.join(PACKAGES)})(?:\.[a-z_][a-z_0-9]*)+")
    for document in DOCUMENTS:
        named = {name for code in code_of(document.read_text()) for name in pattern.findall(code)}
        missing = [name for name in named - NO_MODULES if module_file(name) is None]
        assert not missing, f"{document.name}: {missing}"


def test_the_layers_are_those_of_the_contract() -> None:
    section = ARCHITECTURE.read_text().split("\n## Layers\n")[1].split("\n## ")[0]
    (drawn,) = (block.splitlines()[1:-1] for block in FENCED.findall(section))
    (contract,) = [
        contract
        for contract in pyproject()["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    assert drawn == [layer.replace("cratewatch.", "") for layer in contract["layers"]]


def described(heading: str) -> list[str]:
    """Return the first column of the table below a heading of the architecture."""
    section = ARCHITECTURE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [CODE.findall(line)[0] for line in lines]


def test_every_room_is_described() -> None:
    inside = PACKAGES["cratewatch"]
    rooms = [path.parent for path in inside.glob("*/__init__.py")]
    rooms += [folder for folder in PACKAGES.values() if folder != inside]
    assert sorted(described("Rooms")) == sorted(f"{room.relative_to(ROOT)}/" for room in rooms)


def test_the_validation_share_is_told() -> None:
    told = " ".join(ARCHITECTURE.read_text().split())
    assert VALIDATION_SHARE == 0.1
    assert "A tenth of the training side is the validation share" in told


def test_every_path_of_the_repository_that_a_document_names_exists() -> None:
    for document in DOCUMENTS:
        named = [code for code in code_of(document.read_text()) if PATH.fullmatch(code)]
        missing = [name for name in named if not (ROOT / name).exists()]
        assert not missing, f"{document.name}: {missing}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_shows_exists(document: Path) -> None:
    wrong = [call for code in code_of(document.read_text()) for call in wrong_calls(code)]
    assert not wrong


def test_the_options_of_synthesize_that_are_explained_exist() -> None:
    lines = (ROOT / "docs" / "synthesis.md").read_text().splitlines()
    explained = [CODE.findall(line)[0] for line in lines if line.startswith("| `--")]
    known = {option for p in commands()["synthesize"].params for option in p.opts}
    assert explained
    assert set(explained) <= known


def test_the_documents_show_every_command() -> None:
    shown = {
        name
        for document in DOCUMENTS
        for code in code_of(document.read_text())
        for name, _ in CALL.findall(code)
    }
    assert shown >= set(commands())


def test_calls_are_told_from_prose_and_other_options() -> None:
    assert wrong_calls("find . | .venv/bin/cratewatch identify - --json | jq --raw") == []
    assert wrong_calls("CRATEWATCH_HOME=x cratewatch status --jsn") == ["cratewatch status --jsn"]
    assert wrong_calls("$ cratewatch identfy a.jpg") == ["cratewatch identfy"]
    assert wrong_calls("cratewatch: interrupted; src/cratewatch the library") == []


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_an_example_that_would_run(name: str) -> None:
    command = commands()[name]
    assert command.help
    assert f"cratewatch {name}" in (command.epilog or ""), f"{name}: no example in its help"
    assert wrong_calls(command.epilog) == []
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--home" in options or name in ("find", "footage", "schema"), "these need no home"


def test_the_symptoms_of_operations_are_what_the_code_says() -> None:
    """Of each message in the first column, what stands between the dots is a text of the code."""
    texts = {
        node.value
        for folder in PACKAGES.values()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    section = OPERATIONS.read_text().split("## When something is red")[1].split("\n## ")[0]
    symptoms = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| ")]
    pieces = [
        piece.strip(" :;,()")
        for symptom in symptoms[2:]
        if "Prefect's page" not in symptom
        for code in CODE.findall(symptom)
        for piece in code.split("…")
    ]
    told = [piece for piece in pieces if len(piece) > 12]
    assert len(told) >= 8
    for piece in told:
        assert any(piece in text for text in texts), piece


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        code = "\n".join(code_of(document.read_text()))
        named = set(re.findall(r"(?:^|[;&] ?|\$ )make ([a-z]+)", code, re.MULTILINE))
        assert named <= targets, f"{document.name}: {named - targets}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_resolves(document: Path) -> None:
    for target in LINK.findall(FENCED.sub("", document.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), f"{document.name}: {target}"
        if fragment:
            anchors = {anchor(heading) for _, heading in headings(file.read_text())}
            assert fragment in anchors, f"{document.name}: {target}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_the_changelog_has_the_version() -> None:
    version = pyproject()["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_no_file_names_a_package_registry() -> None:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert ROOT / "constraints.txt" in files
    for file in files:
        data = file.read_bytes() if file.is_file() else b""  # deleted and not committed yet
        if b"\0" in data:
            continue
        found = REGISTRY.search(data.decode())
        assert found is None, f"{file.relative_to(ROOT)}: {found and found[0]}"


@pytest.mark.parametrize(
    "line",
    [
        "--index-" + "url https://example.org",
        "PIP_EXTRA_INDEX_" + "URL=x",
        "https://mirror.example/" + "simple",
        "https://files.python" + "hosted.org/a.whl",
        "UV_DEFAULT_" + "INDEX=x",
    ],
)
def test_a_registry_is_recognised(line: str) -> None:
    assert REGISTRY.search(line)


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_dependency_is_pinned_to_a_version_that_it_permits() -> None:
    pins: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.lstrip().startswith("#"):
            pin = re.fullmatch(r"([\w.-]+)==([^\s;]+)(?: ;.*)?", line)
            assert pin, f"constraints.txt: not a pin: {line}"
            pins.setdefault(canonicalize_name(pin[1]), []).append(pin[2])
    extras = pyproject()["project"]["optional-dependencies"].values()
    tested = pyproject()["dependency-groups"]["dev"]
    assert all(set(extra) <= set(tested) for extra in extras), "what is optional is tested, too"
    asked = pyproject()["project"]["dependencies"] + tested
    for requirement in map(Requirement, asked):
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"constraints.txt: {requirement.name} is not pinned"
        assert all(version in requirement.specifier for version in versions), requirement
