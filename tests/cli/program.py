# SPDX-License-Identifier: MIT
"""The program under test: CANDOR of the environment, or build/candor."""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CANDOR = (ROOT / os.environ.get("CANDOR", "build/candor")).resolve()


def candor(*arguments, **environment):
    """Runs it to its end; the result has returncode, stdout and stderr as text."""
    return subprocess.run([CANDOR, *arguments], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "COLUMNS": "80", **environment}, check=False)
