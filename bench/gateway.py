# SPDX-License-Identifier: MIT
"""What bench.py measures of gateways: answers of 1 KiB, 100 KiB and 10 MiB that are passed on."""
from pathlib import Path

import instructions
from servers import GATEWAY_FLOOR, GATEWAY_KINDS, Missing, Server, find_program


def measure(options, scratch, cores, sizes, measure_requests, request_table, say):
    """The lines of the report, and whether every gateway took part in everything. The upstream is a
    floor, on the core of the client: what it costs is nobody's that is measured."""
    lines, complete = ["## Gateways", ""], True
    for size in [size for size in sizes if size in options.sizes]:
        files = Path(scratch) / "files"
        contents = {size: (files / f"{size}.txt").read_bytes()}
        upstream = Server(f"upstream-{size}", scratch, files, {cores[1]})
        gateways = []
        try:
            for name in GATEWAY_KINDS:
                try:
                    find_program(name)
                    gateways.append(Server(name, scratch, files, {cores[0]},
                                           upstream=upstream.port))
                except Missing as reason:
                    say(f"left out: {reason}")
                    complete = False
            results = measure_requests(gateways, size, options, contents, cores[1])
            complete &= len(results) == len(gateways)
            lines += request_table(size, results, {GATEWAY_FLOOR}, "candor-gateway")
            if size == "1K" and "instructions" in options.sizes:
                counted = instructions.measure([server.name for server in gateways], scratch, files,
                                               cores[0], say, upstream.port)
                lines += instructions.table(counted, "a relayed GET of 1 KiB", "candor-gateway")
        finally:
            for server in [*gateways, upstream]:
                server.end()
    return lines, complete
