"""cratewatch identifies vinyl albums in CCTV footage."""

import os

# gRPC's own handling of a fork aborts the child before its exec, or blocks the parent, while calls
# are under way: a Ray that cannot start beside an open Milvus. Nothing of ours calls gRPC in a
# forked child. gRPC reads this once, when it is first loaded.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
