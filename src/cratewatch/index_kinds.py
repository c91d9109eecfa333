"""Kinds of index that a gallery can have, in Milvus' words."""

from __future__ import annotations

from typing import Literal

IndexKind = Literal["FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "SCANN", "DISKANN"]
IndexSetting = Literal["auto", "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "IVF_PQ", "SCANN", "DISKANN"]
