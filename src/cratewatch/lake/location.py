"""Where a lake lies and who may enter it: all that another process needs to open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import PlainSerializer, SecretStr

from cratewatch.errors import SettingsError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake

S3_SCHEME = "s3://"

# Hidden by repr() and str(); plain in JSON, which is for a child's standard input, not for a log.
Secret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, when_used="json")]

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
    endpoint: str = ""
    region: str = ""
    access_key: Secret = NOT_GIVEN
    secret_key: Secret = NOT_GIVEN


def open_lake(location: LakeLocation) -> Lake:
    """Open a lake; a store is not asked for anything before its first object is.

    Raises:
        SettingsError: if the path is neither a folder's nor ``s3://BUCKET/PREFIX``.
    """
    bucket = location.path.removeprefix(S3_SCHEME).partition("/")[0]
    if location.path.startswith(S3_SCHEME) and bucket:
        from cratewatch.lake.s3 import S3Lake  # boto3 is slow to import

        return S3Lake(location)
    if "://" in location.path:
        raise SettingsError(
            f"lake_path {location.path}: give the path of a folder, or s3://BUCKET/PREFIX"
        )
    return FolderLake(Path(location.path))
