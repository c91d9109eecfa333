"""The settings of [notify]: who is told of a night, and of what."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

EventKind = Literal["failed", "refused", "late", "recovered"]


class Notify(BaseModel):
    """Where messages go; nothing is sent without an address."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    urls: tuple[SecretStr, ...] = Field(default=(), description="addresses as apprise writes them")
    ping_url: SecretStr = Field(
        default=SecretStr(""), description="of a dead man's switch, pinged at begin and end"
    )
    events: tuple[EventKind, ...] = ("failed", "refused", "late", "recovered")
    late_after_h: float = Field(
        default=2.0, gt=0, description="how long after it was due a night without an end is late"
    )
