"""The vector index in Milvus: collections, an alias for readers, search; alone has pymilvus."""
