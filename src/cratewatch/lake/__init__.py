"""The lake: covers, query shards, models and reports, in a folder or an S3 bucket.

Nothing else in the library builds a path inside the lake, and nothing else imports boto3.
"""

from cratewatch.lake.folder import PARTIAL, FolderLake
from cratewatch.lake.lake import COVERS, Lake, cover_key
from cratewatch.lake.location import LakeLocation, open_lake

__all__ = ["COVERS", "PARTIAL", "FolderLake", "Lake", "LakeLocation", "cover_key", "open_lake"]
