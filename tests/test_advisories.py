"""No pinned package has a published fault."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KNOWN_FAULTY = "jinja2==2.10\n"  # CVE-2019-10906


def audit(requirements: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "audit", f"PINS={requirements}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_no_pin_has_a_published_fault(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.txt"
    faulty.write_text(KNOWN_FAULTY)
    if "CVE-2019-10906" not in (told := audit(faulty)).stdout:
        pytest.skip(f"no service for advisories answers: {told.stderr.strip()[-200:]}")
    found = audit(ROOT / "constraints.txt")
    assert found.returncode == 0, found.stdout
