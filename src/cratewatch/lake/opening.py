"""Opens a lake where its location says that it lies."""

from __future__ import annotations

from pathlib import Path

from cratewatch.errors import SettingsError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import S3_SCHEME, LakeLocation
from cratewatch.secret_url import SecretUrl


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
            f"lake_path {SecretUrl(location.path)}: give the path of a folder, or "
            "s3://BUCKET/PREFIX"
        )
    return FolderLake(Path(location.path))
