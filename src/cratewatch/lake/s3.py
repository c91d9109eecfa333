"""The lake in a bucket of S3 or of any store that speaks its protocol; the only boto3 import."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.response import StreamingBody

from cratewatch.errors import NotFoundError, SettingsError, UnavailableError
from cratewatch.lake.lake import STALE_S, Entry, checked_key, is_key
from cratewatch.lake.location import S3_SCHEME, LakeLocation
from cratewatch.secret_url import reveal

PART_BYTES = 16 * 2**20  # larger objects go up in parts, each of which is retried by itself
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
# With botocore's pauses (a random share of 0.05 s, doubled each time) about 3 s on end.
ATTEMPTS = 8
BODY_ATTEMPTS = 3  # botocore retries requests, not a body that breaks off
CONFLICT_ATTEMPTS = 3  # a store may answer 409 where two conditional writes meet

_TRANSFER = TransferConfig(
    multipart_threshold=PART_BYTES,
    multipart_chunksize=PART_BYTES,
    max_concurrency=4,
    preferred_transfer_client="classic",
)
_BROKEN_BODY = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_AWAY = (ConnectionError, HTTPClientError, IncompleteReadError)
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)
_WRONG_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed")


@dataclass(frozen=True)
class S3Lake:
    """Objects below a bucket's prefix; see Lake for what its methods do."""

    location: LakeLocation

    @property
    def root(self) -> str:
        """The lake as a user names it."""
        return f"{S3_SCHEME}{self._bucket}/{self._prefix}".rstrip("/")

    def write(self, key: str, data: bytes) -> None:
        """Put an object, a large one in parts; readers see all of it or none."""
        name = self._name(key)
        with self._client(f"write {key}") as client:
            if len(data) < PART_BYTES:
                client.put_object(Bucket=self._bucket, Key=name, Body=data)
            else:
                body = io.BytesIO(data)
                client.upload_fileobj(body, self._bucket, name, Config=_TRANSFER)

    def create(self, key: str, data: bytes) -> bool:
        """Put an object if there is none; ask again after a conflict."""
        name = self._name(key)
        with self._client(f"write {key}") as client:
            for attempt in range(1, CONFLICT_ATTEMPTS + 1):
                try:
                    client.put_object(Bucket=self._bucket, Key=name, Body=data, IfNoneMatch="*")
                except ClientError as error:
                    if _status(error) == 412:
                        return False
                    if _status(error) != 409 or attempt == CONFLICT_ATTEMPTS:
                        raise
                else:
                    break
        return True

    def read(self, key: str) -> bytes:
        """Get an object, again if its body breaks off."""
        name = self._name(key)
        with self._client(f"read {key}") as client:
            try:
                for _ in range(BODY_ATTEMPTS - 1):
                    body = client.get_object(Bucket=self._bucket, Key=name)["Body"]
                    with contextlib.suppress(*_BROKEN_BODY):
                        return _drain(body)
                return _drain(client.get_object(Bucket=self._bucket, Key=name)["Body"])
            except client.exceptions.NoSuchKey as error:
                raise self._missing(key) from error

    def download(self, key: str, file: Path) -> None:
        """Get an object, a large one in parts."""
        if not self.exists(key):  # what download_file asks first cannot tell what is missing
            raise self._missing(key)
        with self._client(f"read {key}") as client:
            client.download_file(self._bucket, self._name(key), str(file), Config=_TRANSFER)

    def delete(self, key: str) -> None:
        """Delete an object; a store says nothing of one that is not there."""
        with self._client(f"delete {key}") as client:
            client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def exists(self, key: str) -> bool:
        """Whether the store lists the object."""
        return is_key(key) and self._listed(key) is not None

    def modified_at(self, key: str) -> float:
        """Return the store's time, in seconds since 1970."""
        listed = self._listed(key)
        if listed is None:
            raise self._missing(key)
        modified: datetime = listed["LastModified"]
        return modified.timestamp()

    def keys(self, prefix: str) -> Iterator[str]:
        """List a page of names at a time."""
        for listed in self._all_listed(prefix):
            yield listed["Key"].removeprefix(self._folder(""))

    def entries(self, prefix: str) -> Iterator[Entry]:
        """List a page of objects at a time."""
        for listed in self._all_listed(prefix):
            key = listed["Key"].removeprefix(self._folder(""))
            yield Entry(key, listed["LastModified"].timestamp(), listed["ETag"].strip('"'))

    def tidy(self, prefix: str, older_than_s: float = STALE_S) -> None:
        """Abort uploads in parts that killed writers left."""
        limit = datetime.now(UTC) - timedelta(seconds=older_than_s)
        with self._client(f"tidy {prefix}") as client:
            pages = client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._folder(prefix)
            )
            for upload in (upload for page in pages for upload in page.get("Uploads", ())):
                if upload["Initiated"] < limit:
                    with contextlib.suppress(client.exceptions.NoSuchUpload):
                        client.abort_multipart_upload(
                            Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    def _all_listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        with self._client(f"list {prefix}") as client:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._folder(prefix)
            )
            for page in pages:  # a store lists in the order of the names
                for listed in page.get("Contents", ()):
                    if not listed["Key"].endswith("/"):  # how consoles draw empty folders
                        yield listed

    def _listed(self, key: str) -> dict[str, Any] | None:
        """Return what a listing says of an object.

        Not a HEAD: its answer has no body, and so cannot tell a missing object from a missing
        bucket, nor a wrong key from a missing permission.
        """
        name = self._name(key)
        with self._client(f"look for {key}") as client:
            page = client.list_objects_v2(Bucket=self._bucket, Prefix=name, MaxKeys=1)
        listed: list[dict[str, Any]] = page.get("Contents", [])
        return listed[0] if listed and listed[0]["Key"] == name else None

    @contextlib.contextmanager
    def _client(self, doing: str) -> Iterator[Any]:
        """Yield the process's client; what goes wrong is said in one line."""
        try:
            yield _client(self.location)
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(
                f"lake {self.root} at {self.location.endpoint or 'AWS'}: cannot {doing}: "
                f"{' '.join(self.location.endpoint.hidden_in(error).split())}; {_advice(error)}"
            ) from error

    def _missing(self, key: str) -> NotFoundError:
        return NotFoundError(f"lake {self.root}: no object {key}")

    @property
    def _bucket(self) -> str:
        return self.location.path.removeprefix(S3_SCHEME).partition("/")[0]

    @property
    def _prefix(self) -> str:
        return self.location.path.removeprefix(S3_SCHEME).partition("/")[2].strip("/")

    def _name(self, key: str) -> str:
        return self._folder("") + checked_key(key)

    def _folder(self, prefix: str) -> str:
        parts = (self._prefix, checked_key(prefix) if prefix else "")
        return "".join(f"{part}/" for part in parts if part)


@lru_cache(maxsize=8)
def _client(location: LakeLocation) -> Any:
    """Return this process's client of a store, which its threads share."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # Names of buckets are no hosts of a store in one's own network.
        s3={"addressing_style": "path" if location.endpoint else "auto"},
        # Other stores refuse the checksums that botocore adds where none is required.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = boto3.session.Session(
        aws_access_key_id=reveal(location.access_key) or None,
        aws_secret_access_key=reveal(location.secret_key) or None,
        region_name=location.region or None,
    )
    try:
        endpoint = reveal(location.endpoint) or None
        return session.client("s3", endpoint_url=endpoint, config=config)
    except ValueError as error:  # botocore's, for what is no URL or no region
        raise SettingsError(
            f"s3_endpoint '{location.endpoint}', s3_region {location.region!r}: "
            f"{location.endpoint.hidden_in(error)}; give an endpoint such as http://host:9000 and "
            "a region such as eu-central-1, or neither"
        ) from error


def _drain(body: StreamingBody) -> bytes:
    with contextlib.closing(body):
        data: bytes = body.read()
        return data


def _advice(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, _AWAY):
        return "check s3_endpoint and the network, then run the same command again"
    if isinstance(error, _NO_CREDENTIALS) or _status(error) == 403:
        return (
            "check s3_access_key and s3_secret_key, or what AWS's own chain finds, and whether "
            "they may list, read, write and delete there"
        )
    if _code(error) == "NoSuchBucket":
        return "create the bucket or correct lake_path"
    if _code(error) in _WRONG_REGION:
        return "set s3_region to the bucket's region"
    return "check s3_endpoint, lake_path and the store's own log, then run the same command again"


def _code(error: BotoCoreError | ClientError) -> str:
    return str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else ""


def _status(error: BotoCoreError | ClientError) -> int:
    if not isinstance(error, ClientError):
        return 0
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
