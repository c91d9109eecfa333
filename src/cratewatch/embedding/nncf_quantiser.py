"""Turns a model's arithmetic into int8, calibrated on pictures; the only use of NNCF."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.installed import has_nncf
from cratewatch.errors import CratewatchError

KEPT_EXACT = (
    "GroupConvolution",
    "Divide",
    "Multiply",
    "Power",
    "ReduceL2",
    "ReduceMean",
    "ReduceSum",
    "Sqrt",
    "Subtract",
)
"""What stays in fp32, as does the first convolution, whose input has the widest range: depthwise
convolutions, of few weights for each channel (in int8 the least cosine of MobileNetV1's embeddings
with those in fp32 was 0.978, so it is 0.993, and as fast), and the arithmetic of the preprocessing,
of GeM, and of the scaling to unit length."""


def to_int8(model: Any, grey: Sequence[Grey]) -> Any:
    """Return an OpenVINO model in int8.

    Args:
        model: As openvino_runtime.read_onnx() returns it.
        grey: Pictures like those that it is to embed, some hundreds: the range of every layer's
            values is taken from them.

    Raises:
        CratewatchError: if NNCF is not installed.
    """
    if not has_nncf():
        raise CratewatchError("quantize: NNCF is not installed; install cratewatch[openvino]")
    import nncf
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    nncf.set_log_level(logging.ERROR)
    pictures = [np.ascontiguousarray(picture[None, None]) for picture in grey]
    with contextlib.redirect_stdout(sys.stderr):  # its progress bars
        return nncf.quantize(
            model,
            nncf.Dataset(pictures),
            subset_size=len(pictures),
            ignored_scope=nncf.IgnoredScope(
                names=[_first_convolution(model)], types=list(KEPT_EXACT), validate=False
            ),
            # By default it averages the ranges of the pictures, and cuts off what exceeds that: a
            # nearly plain cover then has a cosine of 0.96 with its embedding in fp32.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX
            ),
        )


def _first_convolution(model: Any) -> str:
    nodes = model.get_ordered_ops()
    return str(next(n for n in nodes if n.get_type_name() == "Convolution").get_friendly_name())
