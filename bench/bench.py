#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures Candor beside nginx, lighttpd, h2o and a floor; bench/README.md says how and why."""
import argparse
import datetime
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import dav
import gateway
import instructions
from servers import (ALL_KINDS, DAV_KINDS, FLOORS, GATEWAY_KINDS, KINDS, ROOT, Missing, Server,
                     add_beside, find_program, raise_descriptor_limit, version)

SIZES = {"1K": (1024, 64), "100K": (100 * 1024, 64), "10M": (10 * 1024 * 1024, 16)}
IDLE_CONNECTIONS = 8000
FURTHER = ("idle", "instructions")
SOURCE_ADDRESSES = 8  # 127.0.0.2 and up, so that source ports are never short
IP_BIND_ADDRESS_NO_PORT = 24
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def number(value, digits=1):
    return "–" if value is None else f"{value:,.{digits}f}"


def ratio(one, other):
    return number(one / other, 2) if one and other else "–"


# ---- Requests

def parse_wrk(text):
    """Requests, seconds, 99th percentile in seconds, and failures from what wrk printed."""
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    p99 = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)", text, re.MULTILINE)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not total or not p99 or not rate:
        raise Missing(f"wrk printed something unexpected: {text}")
    failures = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    for line in re.findall(r"Socket errors: (.*)", text):
        failures += sum(int(n) for n in re.findall(r"\d+", line))
    return {"requests": int(total.group(1)), "rate": float(rate.group(1)),
            "p99": float(p99.group(1)) * UNITS[p99.group(2)], "failures": failures}


def run_wrk(server, path, connections, seconds, core):
    before = server.cpu_seconds()
    told = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
                           "--timeout", "10s", f"http://127.0.0.1:{server.port}{path}"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    spent = server.cpu_seconds() - before
    result = parse_wrk(told.stdout + told.stderr)
    if result["failures"]:
        say(f"{server.name} failed {result['failures']} requests for {path}")
    result["cpu"] = spent / max(1, result["requests"]) * 1e6
    return result


def measure_requests(servers, size, options, contents, core):
    """The median of the rounds for each server. The order rotates, so that no server always
    runs on the machine that the same neighbour has just warmed."""
    path, connections = f"/{size}.txt", SIZES[size][1]
    taking_part = [s for s in servers if FLOORS.get(s.name, size) == size]
    for server in list(taking_part):
        try:
            server.check(path, contents[size])
            run_wrk(server, path, connections, 1, core)  # to warm up
        except (Missing, OSError) as reason:
            say(f"{server.name} is left out for {size}: {reason}")
            taking_part.remove(server)
    rounds = {server.name: [] for server in taking_part}
    for turn in range(options.rounds if taking_part else 0):
        first = turn % len(taking_part)
        for server in taking_part[first:] + taking_part[:first]:
            say(f"{size}, round {turn + 1} of {options.rounds}: {server.name}")
            rounds[server.name].append(run_wrk(server, path, connections, options.seconds, core))
    return {name: {key: median(one[key] for one in results) for key in ("cpu", "rate", "p99")}
            for name, results in rounds.items()}


# ---- Idle connections

def open_connection(port, turn):
    client = socket.socket()
    client.settimeout(10)
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((f"127.0.0.{2 + turn % SOURCE_ADDRESSES}", 0))
    client.connect(("127.0.0.1", port))
    return client


def exchange(client, request, length):
    """One request and its whole response, so that the connection is idle afterwards."""
    client.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        piece = client.recv(65536)
        if not piece:
            raise Missing("the server closed a connection that should be kept")
        got += piece
    left = length - len(got.partition(b"\r\n\r\n")[2])
    while left > 0:
        left -= len(client.recv(65536))


def settled_memory(server):
    """Waits until two readings agree: some servers free their buffers a moment later."""
    limit = time.monotonic() + 5
    last = server.memory()
    while time.monotonic() < limit:
        time.sleep(0.3)
        now = server.memory()
        if now == last:
            break
        last = now
    return last


def measure_idle(name, scratch, files, core, count):
    server = Server(name, scratch, files, {core})
    request = f"GET /1K.txt HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    clients = []
    try:
        for _ in range(16):
            with open_connection(server.port, 0) as client:
                exchange(client, request, 1024)
        before = settled_memory(server)
        for turn in range(count):
            clients.append(open_connection(server.port, turn))
            exchange(clients[-1], request, 1024)
        return (settled_memory(server) - before) / count
    finally:
        for client in clients:
            client.close()
        server.end()


# ---- The report

def machine_facts(names):
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    versions = [f"{name} {version(name)}" for name in names if ALL_KINDS[name][3]]
    return [f"- {datetime.date.today().isoformat()}, Linux {platform.release()}, "
            f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores",
            f"- {', '.join(versions)}"]


def request_table(size, results, floors=FLOORS, own="candor"):
    floor = min((result["cpu"] for name, result in results.items() if name in floors), default=None)
    candor = results.get(own, {}).get("cpu")
    lines = [f"### {size.replace('K', ' KiB').replace('M', ' MiB')}, {SIZES[size][1]} connections "
             "kept alive", "",
             "| server | CPU µs/request | ÷ floor | Candor ÷ it | requests/s | p99 ms |",
             "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, result in results.items():
        lines.append(f"| {name} | {number(result['cpu'], 2)} | {ratio(result['cpu'], floor)} | "
                     f"{ratio(candor, result['cpu'])} | {number(result['rate'], 0)} | "
                     f"{number(result['p99'] * 1e3, 2)} |")
    return lines + [""]


def idle_table(results, count):
    lines = [f"### {count:,} idle connections", "",
             "| server | bytes of process memory per connection |", "| --- | ---: |"]
    return lines + [f"| {name} | {number(value, 0)} |" for name, value in results.items()] + [""]


PAGE = """\
# Performance

Made by `make bench`; [bench/README.md](../bench/README.md) says what is measured, and with which
configurations. CPU time per request is what one request costs the server, in user and kernel
together; it says more than requests per second, which also depend on the client. The floor is
an epoll loop that answers without reading what it was asked; no server can be below it.

"""


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    parser.add_argument("--only", default=",".join(KINDS), metavar="NAMES",
                        help=f"some of {','.join(KINDS)}")
    parser.add_argument("--sizes", default=",".join([*SIZES, *FURTHER]), metavar="SIZES",
                        help=f"some of {','.join([*SIZES, *FURTHER])}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--idle", type=int, default=IDLE_CONNECTIONS, metavar="CONNECTIONS")
    parser.add_argument("--dav", action="store_true", help="only what clients write, and WebDAV")
    parser.add_argument("--gateway", action="store_true", help="only what is passed on")
    parser.add_argument("--beside", metavar="PROGRAM",
                        help="another build of Candor, such as the one before a change")
    parser.add_argument("--write", metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    if options.beside:
        add_beside(options.beside)
        options.only += ",beside"
    options.only, options.sizes = options.only.split(","), options.sizes.split(",")
    for given, known in ((options.only, KINDS), (options.sizes, [*SIZES, *FURTHER])):
        for word in given:
            if word not in known:
                parser.error(f'"{word}" is none of {", ".join(known)}')
    if min(options.rounds, options.seconds, options.idle) < 1:
        parser.error("--rounds, --seconds and --idle are at least 1")
    return options


def make_files(scratch):
    """The contents by size, in a folder of their own."""
    files = Path(scratch) / "files"
    files.mkdir()
    contents = {size: os.urandom(length // 2).hex().encode() for size, (length, _) in SIZES.items()}
    for size, content in contents.items():
        (files / f"{size}.txt").write_bytes(content)
    return files, contents


def measure_all(names, options, scratch, cores, files, contents):
    """The lines of the report, and whether every server took part in everything."""
    lines, complete, servers = [], True, []
    try:
        for name in names:
            try:
                servers.append(Server(name, scratch, files, {cores[0]}))
            except Missing as reason:
                say(f"left out: {reason}")
                complete = False
        for size in [size for size in SIZES if size in options.sizes]:
            results = measure_requests(servers, size, options, contents, cores[1])
            complete &= len(results) >= sum(s.name not in FLOORS for s in servers)
            lines += request_table(size, results)
    finally:
        for server in servers:
            server.end()
    small = [s.name for s in servers if FLOORS.get(s.name, "1K") == "1K"]
    if "instructions" in options.sizes:
        lines += instructions.table(instructions.measure(small, scratch, files, cores[0], say))
    idle = {}
    for name in small if "idle" in options.sizes else []:
        say(f"{options.idle} idle connections: {name}")
        try:
            idle[name] = measure_idle(name, scratch, files, cores[0], options.idle)
        except (Missing, OSError) as reason:
            say(f"{name} is left out: {reason}")
            complete = False
    return lines + (idle_table(idle, options.idle) if idle else []), complete


def main():
    options = parse_arguments()
    if not shutil.which("wrk"):
        say("wrk, the client, is not here; tools/setup bench installs it")
        return 1
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        say("there is one core only, so server and client disturb each other")
        cores *= 2
    raise_descriptor_limit(2 * options.idle + 1000)
    names, complete = [], True
    for name in [] if options.dav or options.gateway else options.only:
        try:
            find_program(name)
            names.append(name)
        except Missing as reason:
            say(f"left out: {reason}")
            complete = False
    # Beside the program and not in /tmp, which may not be on a disk.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "build") as scratch:
        try:
            lines, all_measured = [], True
            files, contents = make_files(scratch)
            everything = set(options.only) == set(KINDS)
            if not options.dav and not options.gateway:
                lines, all_measured = measure_all(names, options, scratch, cores, files, contents)
            if options.gateway or (everything and not options.dav):
                more, measured = gateway.measure(options, scratch, cores, SIZES, measure_requests,
                                                 request_table, say)
                lines, all_measured = lines + more, all_measured and measured
            if options.dav or (everything and not options.gateway):
                more, measured = dav.measure(options, scratch, cores)
                lines, all_measured = lines + more, all_measured and measured
        except (Missing, OSError) as reason:
            say(f"a server was lost while it was measured: {reason}")
            return 1
    facts = [*machine_facts(DAV_KINDS if options.dav else
                            GATEWAY_KINDS if options.gateway else names),
             f"- median of {options.rounds} rounds of {options.seconds} s, interleaved", ""]
    print("\n".join(facts + lines))
    if options.write:
        Path(options.write).write_text(PAGE + "\n".join(facts + lines), encoding="utf-8")
    return 0 if complete and all_measured else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
