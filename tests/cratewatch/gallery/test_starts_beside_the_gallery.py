"""Starting other programs, as Ray is started, while the gallery is asked.

gRPC's own fork handling aborts the child or blocks the parent; both in a second on two cores.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ASK_AND_START = """
import subprocess, sys, threading
import numpy as np
from cratewatch.gallery.gallery import open_gallery
from tests.made_collections import make_collection

with open_gallery(sys.argv[1]) as gallery:
    make_collection(gallery, "model", 128)
    gallery.rows.upsert("model", ["cover"], ["artwork"], np.eye(1, 128, dtype=np.float32))
    gallery.alias.point_to("model")
    done = threading.Event()

    def ask():
        while not done.is_set():
            gallery.search(np.eye(1, 128, dtype=np.float32), 1)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(100):  # with a preexec_fn Python forks, as Ray does
            subprocess.run(["true"], preexec_fn=lambda: None, check=True)
    finally:
        done.set()
        for thread in asking:
            thread.join()
print("all started")
"""


@pytest.mark.heavy
def test_a_program_starts_while_the_gallery_is_asked(home: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK_AND_START, str(home / "gallery.db")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.stdout == "all started\n", answer.stderr[-2000:]
    assert "Fatal" not in answer.stderr
