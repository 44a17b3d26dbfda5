# SPDX-License-Identifier: MIT
"""Counts what a GET costs a server in user space, in instructions, by valgrind's callgrind. Unlike
time it is the same on every machine, however busy that is."""
import re
import shutil
import socket
import time

from servers import Missing, Server

FEW, MANY = 200, 1200  # requests: what the start takes is in both counts


def get(client, request, length):
    client.sendall(request)
    got = b""
    while len(got.partition(b"\r\n\r\n")[2]) < length:
        piece = client.recv(65536)
        if not piece:
            raise Missing("the server closed a connection that should be kept")
        got += piece
    if not got.startswith(b"HTTP/1.1 200 "):
        raise Missing(f"the server answers {got[:40]}")


def wait_until_idle(server):
    """nginx without a master may miss a signal that comes while it works, and waits for ever."""
    before = None
    while (now := server.cpu_seconds()) != before:
        before = now
        time.sleep(0.2)


def count(name, scratch, files, core, requests, upstream=None):
    """Instructions of the server's whole life, with so many requests on one connection."""
    server = Server(name, scratch, files, {core}, upstream=upstream,
                    under=["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"])
    request = f"GET /1K.txt HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    length = (files / "1K.txt").stat().st_size
    try:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(requests):
                get(client, request, length)
        wait_until_idle(server)
    finally:
        server.end()
    told = re.findall(r"Collected : (\d+)", server.log.read_text(errors="replace"))
    if not told:
        raise Missing(f"callgrind tells no count of {name}")
    return sum(int(number) for number in told)


def measure(names, scratch, files, core, say, upstream=None):
    """Instructions a request by name; those that do not run under valgrind are left out."""
    if not shutil.which("valgrind"):
        say("instructions are not counted: valgrind is not here; tools/setup bench installs it")
        return {}
    results = {}
    for name in names:
        say(f"instructions of a request: {name}")
        try:
            few, many = (count(name, scratch, files, core, n, upstream) for n in (FEW, MANY))
            results[name] = (many - few) / (MANY - FEW)
        except (Missing, OSError) as reason:
            say(f"{name} is left out: {reason}")
    return results


def table(results, what="a GET of 1 KiB", ours="candor"):
    candor = results.get(ours)
    lines = [f"### Instructions in user space for {what}", "",
             "| server | instructions | it ÷ Candor |", "| --- | ---: | ---: |"]
    for name, value in results.items():
        ratio = f"{value / candor:.2f}" if candor else "–"
        lines.append(f"| {name} | {value:,.0f} | {ratio} |")
    return lines + [""]
