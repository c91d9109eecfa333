"""Where a lake lies and who may enter it: all that another process needs to open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import SecretStr

from cratewatch.secret_url import IN_JSON, SecretUrl

S3_SCHEME = "s3://"
NOWHERE = SecretUrl("")
NOT_GIVEN = SecretStr("")


@dataclass(frozen=True)
class LakeLocation:
    """The settings of a lake.

    Attributes:
        path: A folder, or ``s3://BUCKET/PREFIX``.
        endpoint: URL of an S3-compatible store; "" for AWS.
        region: Region of the bucket; "" for what boto3 finds.
        access_key: With secret_key; "" for what boto3's own chain finds on the machine.
    """

    path: str
    endpoint: Annotated[SecretUrl, IN_JSON] = NOWHERE
    region: str = ""
    access_key: Annotated[SecretStr, IN_JSON] = NOT_GIVEN
    secret_key: Annotated[SecretStr, IN_JSON] = NOT_GIVEN
