"""What commands print with --json against the schemas that ship, for every test that runs one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from cratewatch.commands.schema import SCHEMAS


def check_output(arguments: tuple[str, ...], printed: str) -> None:
    """Assert that each line is what the command's schema says, and holds no other keys."""
    if "--json" not in arguments:
        return
    for line in printed.splitlines():
        error = next(validator_of(arguments[0]).iter_errors(json.loads(line)), None)
        assert error is None, (
            f"{arguments[0]} --json: {error and error.message[:2000]}; if that is meant, correct "
            "commands/output_types.py and run `make schemas`"
        )


@cache
def validator_of(command: str) -> Draft202012Validator:
    """Return the validator of what a command prints."""
    schema = json.loads((SCHEMAS / f"{command}.json").read_text())
    return Draft202012Validator(_closed(schema))


def _closed(value: Any) -> Any:
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed = {name: _closed(item) for name, item in value.items()}
    if value.get("type") == "object" and "properties" in value:
        closed["additionalProperties"] = False
    return closed
