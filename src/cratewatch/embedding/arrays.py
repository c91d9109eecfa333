"""What embeddings and the pictures behind them are, for those who do without the network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Embeddings = npt.NDArray[np.float32]
"""(N, D), each row of unit length."""
Grey = npt.NDArray[np.uint8]
"""(S, S) uint8."""
