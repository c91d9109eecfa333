"""Which of the packages that run and export models this Python has; none is imported."""

from __future__ import annotations

import importlib.util


def has_openvino() -> bool:
    """Whether exported models can run."""
    return _has("openvino")


def has_onnx() -> bool:
    """Whether models can be exported."""
    return _has("onnx", "onnxscript")


def has_onnxruntime() -> bool:
    """Whether ONNX files can run on a GPU, if its build is the one for it."""
    return _has("onnx", "onnxruntime")


def has_nncf() -> bool:
    """Whether models can be quantised."""
    return _has("nncf")


def _has(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) for package in packages)
