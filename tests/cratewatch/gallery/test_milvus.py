"""pymilvus comes without pandas, SciPy and requests, and finds them when it needs them."""

import subprocess
import sys

CODE = """
import sys
import cratewatch.gallery.gallery
assert not {"pandas", "scipy", "requests"} & sys.modules.keys()
from pymilvus.client import global_topology
from pymilvus.orm import schema, types
assert types.infer_dtype_bydata([1.0, 2.0]) == types.DataType.FLOAT_VECTOR
import pandas, requests
assert schema.is_valid_insert_data(pandas.DataFrame({"a": [1]}))
assert global_topology.requests.exceptions.Timeout is requests.exceptions.Timeout
"""


def test_what_stood_in_for_pandas_gives_way_to_it() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
