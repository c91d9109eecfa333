"""pymilvus, without what it imports for the sake of what is never given to it.

It asks pandas and SciPy whether rows are a data frame or a sparse matrix, and has requests look up
clusters of its maker's service. To import these takes longer than all the rest of it, so that
others stand in for them while it is imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

__all__ = ["DataType", "LoadState", "MilvusClient", "MilvusException"]


class _StandIn(ModuleType):
    """Names of a module, which itself is imported when they are used.

    While pymilvus is imported it takes classes for annotations, and functions to call later.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system itself looks for
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is not self:
            return getattr(importlib.import_module(self.__name__), name)
        if name[0].isupper():
            return type(name, (), {})
        return lambda *arguments: getattr(self, name)(*arguments)


@contextmanager
def _stand_ins(*names: str) -> Iterator[None]:
    """Have others stand in for modules that are not imported yet; then leave their names free."""
    placed = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]


with _stand_ins("pandas", "pandas.api", "pandas.api.types", "requests"):
    from pymilvus import DataType, MilvusClient, MilvusException
    from pymilvus.client.types import LoadState
    from pymilvus.client.utils import SciPyHelper

SciPyHelper._checked = True  # it has looked for SciPy, and found none
