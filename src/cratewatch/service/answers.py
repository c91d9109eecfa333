"""JSON as commands print it, and what the OpenAPI document says of bodies."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from cratewatch.service.schemas import Problem

PROBLEM = {"content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
SAID = {
    400: "The request cannot be read",
    401: "No valid key",
    403: "The key does not open this",
    404: "There is no such thing",
    408: "The body came too slowly",
    413: "Too large",
    415: "Neither a form nor JSON",
    422: "Something in the request is wrong",
    429: "Asked too often: see Retry-After",
    503: "Something is away or busy: see Retry-After",
}


def answers(*others: int) -> dict[int | str, dict[str, Any]]:
    """Return what beside its answer an operation may say: problems, always some."""
    codes = sorted({400, 401, 403, 422, 429, 503, *others})
    return {code: {"description": SAID[code], **PROBLEM} for code in codes}


def as_json(value: Any, status: int = 200) -> Response:
    """Return a value as commands print it with --json."""
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    return Response(text.encode(errors="replace"), status, media_type="application/json")


def _plain(value: object) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def body_of(form: type[BaseModel], json_: type[BaseModel], example: Any) -> dict[str, Any]:
    """Return what a body is: a form with pictures as files, or JSON with them in base64."""
    fields = _inlined(form)
    fields["properties"]["pictures"] = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "description": "the files",
    }
    content = {
        "multipart/form-data": {"schema": fields},
        "application/json": {"schema": _inlined(json_), "example": example},
    }
    return {"requestBody": {"required": True, "content": content}}


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    kinds = schema.pop("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            if name := value.get("$ref"):
                return put(kinds[name.rpartition("/")[2]])
            return {key: put(one) for key, one in value.items()}
        return [put(one) for one in value] if isinstance(value, list) else value

    put_in: dict[str, Any] = put(schema)
    return put_in
