# SPDX-License-Identifier: MIT
"""What reading a JSON text and checking it by a schema costs: schema.c, without a server."""
import re
import shutil
import subprocess

from servers import ROOT

PROGRAM = ROOT / "build/bench/schema"
ROUNDS, COUNT = 5, 20000
FEW, MANY = 100, 1100  # under valgrind: what the start takes is in both


def run(*command):
    told = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=True)
    return told.stdout + told.stderr


def count_instructions(part):
    def collected(count):
        told = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, part,
                   count)
        return int(re.search(r"Collected : (\d+)", told).group(1))

    return (collected(MANY) - collected(FEW)) / (MANY - FEW)


def table(say):
    lines = ["### JSON of 1 KiB, by a schema of 50 keywords", "",
             "| part | CPU time, µs | instructions |", "| --- | ---: | ---: |"]
    for part, name in (("read", "reading it"), ("check", "checking it")):
        say(f"JSON Schema: {name}")
        best = min(float(run(PROGRAM, part, COUNT)) for _ in range(ROUNDS)) / 1000
        counted = f"{count_instructions(part):,.0f}" if shutil.which("valgrind") else "–"
        lines.append(f"| {name} | {best:.1f} | {counted} |")
    return lines + [""]
