"""Shows reports on Prefect's page."""

from __future__ import annotations

from collections.abc import Mapping

from prefect.artifacts import create_markdown_artifact


def show_table(key: str, title: str, rows: Mapping[str, object]) -> None:
    """Show names and values as a table.

    Args:
        key: Of the artifact: lower case, digits and dashes; Prefect keeps its versions together.
    """
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    create_markdown_artifact(markdown=f"# {title}\n\n| | |\n|---|---|\n{table}\n", key=key)
