"""How the code is built, held to figures: no test of a behaviour replaces them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "flows", "scrapers", "workers")
BROAD = {"Exception", "BaseException"}
MOST_LINES = 60
SHORT_LINES = 25


def trees() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file}: {node.name}", node


def declares_a_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).startswith("app.") for decorator in function.decorator_list)


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def test_no_function_is_long_and_most_are_short() -> None:
    lengths = {name: lines_of(f) for name, f in functions() if not declares_a_command(f)}
    assert len(lengths) > 1000
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES}
    short = sum(n < SHORT_LINES for n in lengths.values()) / len(lengths)
    assert short > 0.9, f"{short:.1%} of the functions have fewer than {SHORT_LINES} lines"


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches whatever comes and raises nothing in turn."""
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    broad = any(name is None or ast.unparse(name) in BROAD for name in names)
    return broad and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def test_two_places_go_on_whatever_went_wrong() -> None:
    """One bad sample, or source, must not cost the others; elsewhere an error is named."""
    found = [
        file
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and swallows(node)
    ]
    assert found == ["flows/refreshing.py", "workers/drawing.py"]


def test_secrets_are_revealed_where_a_connection_is_opened() -> None:
    revealing = {
        file
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"reveal", "get_secret_value"}
    }
    assert revealing == {
        "flows/prefect_server.py",
        "scrapers/addresses.py",
        "scrapers/credentials.py",
        "scrapers/proxies.py",
        "src/cratewatch/catalog/opening.py",
        "src/cratewatch/footage/video.py",
        "src/cratewatch/gallery/connection.py",
        "src/cratewatch/gallery/gallery.py",
        "src/cratewatch/lake/s3.py",
        "src/cratewatch/monitoring/notification.py",
        "src/cratewatch/secret_url.py",
    }
