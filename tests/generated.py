"""How many answers of shops and services the tests draw: CRATEWATCH_EXAMPLES, 100 by default."""

import os

from hypothesis import settings

many = settings(max_examples=int(os.environ.get("CRATEWATCH_EXAMPLES", "100")), deadline=None)
