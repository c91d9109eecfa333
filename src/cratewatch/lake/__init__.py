"""The lake: covers, query shards, models and reports, in a folder or an S3 bucket."""
