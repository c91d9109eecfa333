"""The import graph, imports inside functions and for type checkers included."""

import grimp


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("cratewatch", "flows", "scrapers", "workers", cache_dir=None)
    left = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while ends := _ends(left):
        left = {module: imported - ends for module, imported in left.items() if module not in ends}
    assert not left, f"circles: {left}"


def _ends(graph: dict[str, set[str]]) -> set[str]:
    """Return the modules that import none of the others, or that none of them imports."""
    return {m for m, imported in graph.items() if not imported} | (
        graph.keys() - {m for imported in graph.values() for m in imported}
    )
