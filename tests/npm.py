# SPDX-License-Identifier: MIT
"""Clients that npm has: installed once beside the program, or a reason to skip the test."""
import json
import shutil
import subprocess

import pytest

import harness


def module(package):
    """The address to import a package by, "name@version"; skips where it cannot be installed."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    name = package.rsplit("@", 1)[0]
    folder = harness.CANDOR.parent / "npm" / package
    found = folder / "node_modules" / name / "package.json"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(["npm", "install", "--prefix", str(folder), "--no-audit",
                                   "--no-fund", "--ignore-scripts", package],
                                  capture_output=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm does not come to an end with {package}")
        if done.returncode != 0 or not found.exists():
            pytest.skip(f"npm cannot install {package} here")
    about = json.loads(found.read_text())
    entry = about.get("exports", about.get("module", about.get("main", "index.js")))
    while isinstance(entry, dict):
        entry = next(entry[key] for key in (".", "node", "import", "default") if key in entry)
    return (found.parent / entry).as_uri()


def node(script, *arguments):
    """Runs a script, an ECMAScript module; what it printed, as JSON."""
    done = subprocess.run(["node", "--input-type=module", "-", *arguments], input=script,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
