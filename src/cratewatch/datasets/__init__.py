"""What models are trained and measured on: query shards, splits, confused pairs."""
