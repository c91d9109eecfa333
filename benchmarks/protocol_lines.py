"""The lines that protocols.py writes, and their table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HEAD = (
    "| way | protocol | queries | number | gallery | draws | recall@1 | recall@5 | mAP "
    "| recall@P90 | by chance | ms a query |"
)


@dataclass(frozen=True)
class Line:
    """What was measured: a way under a protocol on the queries of a cell."""

    way: str
    protocol: str
    cell: str
    asked: int
    seed: int
    found: dict[str, Any] = field(default_factory=dict, compare=False)

    def asked_for(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "found"}


def read_lines(file: Path) -> list[Line]:
    if not file.exists():
        return []
    rows = [json.loads(row) for row in file.read_text().splitlines()]
    return [
        Line(row["way"], row["protocol"], row["cell"], row["asked"], row["seed"], row)
        for row in rows
    ]


def markdown(lines: Sequence[Line]) -> str:
    """Return the table of all lines, by protocol and cell, the best way last."""
    ordered = sorted(lines, key=lambda n: (n.protocol, n.cell, _recall(n)))
    rule = "| --- | --- | --- | " + "--- | " * 9
    return "\n".join([HEAD, rule.strip(), *(_row(line) for line in ordered)])


def _recall(line: Line) -> float:
    return float(line.found["scores"]["recall_at_1"]["value"])


def _row(line: Line) -> str:
    found, scores = line.found, line.found["scores"]
    cells = (
        line.way,
        line.protocol,
        line.cell,
        found["queries"],
        found["covers"],
        found["draws"],
        _percent(scores["recall_at_1"]),
        _percent(scores["recall_at_5"]),
        f"{scores['mean_average_precision']:.3f}",
        f"{scores['recall_at_p90']:.1%}",
        f"{found['chance_at_1']:.2%}",
        f"{found['ms_a_query']:.1f}",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _percent(share: dict[str, float]) -> str:
    return f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})"
