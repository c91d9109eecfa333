"""Writes the JSON Schemas that ship in the package, as a program; ``make schemas`` runs it.

Descriptions are the docstrings' own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from cratewatch.commands.output_types import OUTPUTS, Output
from cratewatch.commands.schema import SCHEMAS

Schema = dict[str, Any]
_ATTRIBUTES = re.compile(r"\n\s*\nAttributes:\n(.*)\Z", re.DOTALL)
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*?)(?=^ {4}\w+: |\Z)", re.DOTALL | re.MULTILINE)


class _Generator(GenerateJsonSchema):
    """Takes each field of a dataclass as always there: asdict() leaves none out."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        del field, total
        return True


def main() -> None:
    """Write every schema anew, and delete what is no command's any more."""
    SCHEMAS.mkdir(exist_ok=True)
    for file in SCHEMAS.glob("*.json"):
        file.unlink()
    for command in OUTPUTS:
        (SCHEMAS / f"{command}.json").write_text(schema_text(command), encoding="utf-8")


def schema_text(command: str) -> str:
    """Return the schema of one line that a command prints, as its file holds it."""
    kinds = [_of_output(output) for output in OUTPUTS[command]]
    definitions: Schema = {}
    for kind in kinds:
        definitions |= kind.pop("$defs", {})
    title = f"cratewatch {command} --json"
    schema: Schema = {"$schema": GenerateJsonSchema.schema_dialect, "title": title, "anyOf": kinds}
    if definitions:
        schema["$defs"] = definitions
    return json.dumps(_briefer(schema), indent=2, ensure_ascii=False) + "\n"


def _of_output(output: Output) -> Schema:
    adapter = TypeAdapter(output.kind)
    schema = adapter.json_schema(mode="serialization", schema_generator=_Generator)
    for name, kind in output.adds.items():
        schema["properties"][name] = TypeAdapter(kind).json_schema()
        schema["required"].append(name)
    for name in output.lacks:
        kind, _, key = name.rpartition(".")
        (schema["$defs"][kind] if kind else schema)["required"].remove(key)
    for part in (schema, *schema.get("$defs", {}).values()):
        _describe(part)
    return schema


def _briefer(value: Any) -> Any:
    """Write "text or null" as one type instead of as two schemas."""
    if isinstance(value, list):
        return [_briefer(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get("anyOf"):
        case [{"type": str(kind), **more}, {"type": "null"}] if more.keys() <= {"format"}:
            value = {"type": [kind, "null"], **more, **value}
            del value["anyOf"]
    return {name: _briefer(item) for name, item in value.items()}


def _describe(schema: Schema) -> None:
    """Hand what a docstring says of its attributes to the properties."""
    said = schema.get("description", "")
    told = dict(_attributes(said))
    if said:
        schema["description"] = " ".join(_ATTRIBUTES.sub("", said).split())
    for name, value in schema.get("properties", {}).items():
        value.pop("title", None)
        if name in told:
            value["description"] = told[name]


def _attributes(docstring: str) -> Iterator[tuple[str, str]]:
    if section := _ATTRIBUTES.search(docstring):
        for name, text in _ATTRIBUTE.findall(section[1]):
            yield name, " ".join(text.split())


if __name__ == "__main__":
    main()
