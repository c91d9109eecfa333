"""The command that runs the embedded record shop."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cratewatch.commands.options import load_settings
from cratewatch.commands.output import out
from cratewatch.commands.prefect import prefect
from cratewatch.commands.tables import evaluation_table
from cratewatch.errors import CratewatchError
from cratewatch.folders import users_path

app = typer.Typer()


@app.command(epilog="Example: cratewatch demo --home build/demo")
def demo(
    home: Annotated[Path, typer.Option(help="Folder for everything that it makes.")] = Path(
        "build/demo"
    ),
) -> None:
    """Run the whole way of the data on an embedded record shop."""
    from cratewatch.demo.home import empty_home

    _refuse_settings_from_outside()
    home = users_path(str(home))
    empty_home(home)
    settings = load_settings(home, makes_home=True)
    with prefect(settings) as await_ready:
        from cratewatch.demo.run import run_demo

        await_ready()
        result, evaluation = run_demo(settings.home)
    out.print(evaluation_table(asdict(evaluation)))
    for name, recall in (("before", result.before), ("after", result.after)):
        if recall is not None:
            low, high = recall.recall_at_1_interval
            out.print(
                f"{name} the fine-tuning: recall@1 {recall.recall_at_1:.1%} "
                f"({low:.1%} to {high:.1%}), {recall.n_queries} queries, {recall.model}",
                soft_wrap=True,
            )
    seen = result.footage
    out.print(
        f"footage: {seen['told']} handlings told where there are {seen['handlings']}, "
        f"album and times right of {seen['rightly']}: {settings.home / 'filmed' / 'report.html'}, "
        f"{settings.home / 'intent.html'}",
        soft_wrap=True,
    )
    out.print(f"report: {settings.home / 'report.html'}", soft_wrap=True)
    out.print(f"to look around in it: cratewatch serve --home {settings.home}", soft_wrap=True)


def _refuse_settings_from_outside() -> None:
    """Keep the demo away from the catalog, lake and gallery that the environment names."""
    from cratewatch.settings_layers import environment_settings

    elsewhere = sorted(set(environment_settings()) - {"CRATEWATCH_HOME"})
    if elsewhere:
        raise CratewatchError(f"demo: unset {', '.join(elsewhere)}; it keeps to its own --home")
