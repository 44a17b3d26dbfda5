# SPDX-License-Identifier: MIT
"""What bench.py measures of servers that clients write to: PUT of 4 KiB, and PROPFIND."""
import http.client
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import mean, median

from servers import DAV_KINDS, ROOT, Missing, Server

CONTENT = 4096
AT_ONCE = [1, 8, 64]
MEMBERS = 1000
PROPFIND_CONNECTIONS = 8

PUT_SCRIPT = """\
local body, requests, n = string.rep("x", {length}), {{}}, 0
function init()
    for i = 1, {names} do requests[i] = wrk.format("PUT", "/f-" .. i, nil, body) end
end
function request()
    n = n % {names} + 1
    return requests[n]
end
"""

PROPFIND_SCRIPT = """\
wrk.method = "PROPFIND"
wrk.headers["Depth"] = "1"
wrk.headers["Content-Type"] = "application/xml"
wrk.body = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>'
"""
# The same rows, but answers with quotas are not remembered: what each costs that is made anew.
ANEW = "candor-dav, each made anew"
ANEW_SCRIPT = PROPFIND_SCRIPT.replace(
    "<D:allprop/>", "<D:allprop/><D:include><D:quota-used-bytes/></D:include>")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run_wrk(server, script, path, connections, seconds, scratch):
    """Requests a second and microseconds of the server's time for each."""
    file = Path(scratch) / "script.lua"
    file.write_text(script)
    before = server.cpu_seconds()
    told = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                           "-s", str(file), f"http://127.0.0.1:{server.port}{path}"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    spent = server.cpu_seconds() - before
    requests = re.search(r"(\d+) requests in", told.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told.stdout)
    if not requests or not rate or "Non-2xx" in told.stdout or int(requests.group(1)) == 0:
        raise Missing(f"{server.name} failed requests: {told.stdout}{told.stderr}")
    return float(rate.group(1)), spent / int(requests.group(1)) * 1e6


def floor_rate(folder, at_once):
    """What a program reaches that only writes, fsyncs, renames and fsyncs the folder."""
    told = subprocess.run([str(ROOT / "build/bench/put"), str(folder), "2", str(at_once)],
                          capture_output=True, text=True, check=True)
    return float(re.search(r"^ *\d+ +(\d+) ", told.stdout, re.MULTILINE).group(1))


def check_propfind(server):
    """Numbers about wrong answers would be worth nothing."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    client.request("PROPFIND", "/members/", headers={"Depth": "1"})
    response = client.getresponse()
    found = len(re.findall(rb"<(?:\w+:)?response[ >]", response.read()))
    client.close()
    if response.status != 207 or found != MEMBERS + 1:
        raise Missing(f"{server.name} answers PROPFIND with {response.status} and {found} rows")


def make_folder(path):
    (path / "members").mkdir(parents=True)
    for number in range(MEMBERS):
        (path / "members" / f"file-{number:04}.txt").write_bytes(b"x" * number)
    if os.getuid() == 0:  # Apache gives root up
        path.parent.parent.chmod(0o711)
        for one in [path, path.parent, *path.rglob("*")]:
            shutil.chown(one, "www-data", "www-data")


def start_all(scratch, cores):
    servers, complete = [], True
    for name in DAV_KINDS:
        folder = Path(scratch) / name
        make_folder(folder / "files")
        try:
            servers.append(Server(name, folder, folder / "files", set(cores)))
        except Missing as reason:
            say(f"left out: {reason}")
            complete = False
    return servers, complete


def rotated(servers, turn):
    """No server always runs on the machine that the same neighbour has just warmed."""
    return servers[turn % len(servers):] + servers[:turn % len(servers)]


def put_table(servers, options, scratch):
    """In slices of a second, as what a disk does changes from one second to the next."""
    rates = {name: {at_once: [] for at_once in AT_ONCE}
             for name in ["floor", *(server.name for server in servers)]}
    floor_folder = Path(scratch) / "floor"
    floor_folder.mkdir()
    for at_once in AT_ONCE:
        script = PUT_SCRIPT.format(length=CONTENT, names=10 * at_once)
        say(f"PUT, {at_once} at once")
        for turn in range(options.rounds * options.seconds):
            rates["floor"][at_once].append(floor_rate(floor_folder, at_once))
            for server in rotated(servers, turn):
                rates[server.name][at_once].append(
                    run_wrk(server, script, "/", at_once, 1, scratch)[0])
    lines = ["### PUT of 4 KiB, requests a second", "",
             "| server | " + " | ".join(f"{n} at once | floor ÷ it" for n in AT_ONCE) + " |",
             "| --- |" + " ---: |" * (2 * len(AT_ONCE))]
    for name, found in rates.items():
        cells = [f"{mean(found[n]):,.0f} | {mean(rates['floor'][n]) / mean(found[n]):.2f}"
                 for n in AT_ONCE]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines + ["", "Candor and the floor make content and name durable before they answer; "
                    "Apache and lighttpd leave that to chance.", ""]


def propfind_table(servers, options, scratch):
    for server in servers:
        check_propfind(server)
    runs = [(server.name, server, PROPFIND_SCRIPT) for server in servers]
    runs += [(ANEW, server, ANEW_SCRIPT) for server in servers if server.name == "candor-dav"]
    results = {name: [] for name, _, _ in runs}
    for turn in range(options.rounds):
        for name, server, script in rotated(runs, turn):
            say(f"PROPFIND, round {turn + 1}: {name}")
            results[name].append(run_wrk(server, script, "/members/", PROPFIND_CONNECTIONS,
                                         options.seconds, scratch))
    cpu = {name: median(one[1] for one in found) for name, found in results.items()}
    lines = [f"### PROPFIND of {MEMBERS:,} members, Depth 1", "",
             "| server | CPU µs/request | it ÷ Candor | it ÷ Candor, made anew | requests/s |",
             "| --- | ---: | ---: | ---: | ---: |"]
    for name, found in results.items():
        shares = [f"{cpu[name] / cpu[other]:.2f}" if other in cpu else "–"
                  for other in ("candor-dav", ANEW)]
        lines.append(f"| {name} | {cpu[name]:,.0f} | {shares[0]} | {shares[1]} | "
                     f"{median(one[0] for one in found):,.0f} |")
    return lines + [""]


def measure(options, scratch, cores):
    """The lines of the report, and whether every server took part."""
    servers, complete = start_all(scratch, cores)
    lines = []
    try:
        for table in (propfind_table, put_table) if servers else ():
            lines += table(servers, options, scratch)
    finally:
        for server in servers:
            server.end()
    return lines, complete
