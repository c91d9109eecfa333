"""Shows reports on Prefect's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prefect.artifacts import create_markdown_artifact


def show_table(key: str, title: str, rows: Mapping[str, object], lines: Iterable[str] = ()) -> None:
    """Show names and values as a table, and lines below it as they are.

    Args:
        key: Of the artifact: lower case, digits and dashes; Prefect keeps its versions together.
    """
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    below = "".join(f"    {' '.join(line.split())}\n" for line in lines)  # code: no markup counts
    create_markdown_artifact(markdown=f"# {title}\n\n| | |\n|---|---|\n{table}\n\n{below}", key=key)
