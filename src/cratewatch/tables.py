"""Tables for the terminal that more than one command prints."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def evaluation_table(evaluation: dict[str, Any]) -> Table:
    """Return recall with its interval beside chance, overall and by severity."""
    table = Table(
        title=f"{evaluation['n_queries']} queries of unseen artworks among "
        f"{evaluation['n_artworks']} artworks, model {evaluation['model']}"
    )
    for column in ("measure", "value", "95 % interval", "by chance"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for k in (1, 5):
        share, chance = evaluation[f"recall_at_{k}"], evaluation[f"chance_at_{k}"]
        table.add_row(f"recall@{k}", *_share(share), f"{chance:.2%}")
    for severity, share in evaluation["by_severity"].items():
        table.add_row(f"recall@1, severity {severity}", *_share(share), "")
    return table


def failures_table(failures: dict[str, Any]) -> Table:
    """Return failed items by reason, some examples of each."""
    table = Table(title="failed and not succeeded since")
    for column in ("reason", "items", "source", "kind", "example", "attempts", "detail"):
        table.add_column(column, overflow="fold")
    for reason, failed in failures.items():
        for number, example in enumerate(failed["examples"]):
            table.add_row(
                *((reason, str(failed["count"])) if number == 0 else ("", "")),
                *(str(example[name]) for name in ("source", "kind", "key", "attempts", "detail")),
            )
    return table


def _share(share: dict[str, float]) -> tuple[str, str]:
    return f"{share['value']:.1%}", f"{share['low']:.1%} to {share['high']:.1%}"
