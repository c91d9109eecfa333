"""The settings of a camera."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from cratewatch.secret_url import SecretUrl


class Camera(BaseModel):
    """Where a camera's stream is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretUrl
