"""Objects under keys, whole or not at all, in a folder or an S3 bucket: covers, shards, models."""
