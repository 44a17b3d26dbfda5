# SPDX-License-Identifier: MIT
"""The servers that bench.py measures: how each is configured, started and ended."""
import http.client
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 10


class Missing(Exception):
    """A server that cannot take part, with the reason as its text."""


CANDOR = """\
listen: ["127.0.0.1:{port}"]
workers: 1
access_log: "off"
routes:
  - path: /
    files: {{ root: {files} }}
"""

NGINX = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{
    use epoll;
    worker_connections 20000;
    multi_accept on;
}}
http {{
    access_log off;
    types {{ text/plain txt; }}
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=60s;
    open_file_cache_valid 1s;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {files};
    }}
}}
"""

LIGHTTPD = """\
server.document-root = "{files}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ()
server.event-handler = "linux-sysepoll"
server.network-backend = "sendfile"
server.stat-cache-engine = "simple"
server.max-fds = 20000
server.max-connections = 16000
server.listen-backlog = 4096
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 3600
mimetype.assign = ( ".txt" => "text/plain" )
"""

H2O = """\
{user}
num-threads: 1
max-connections: 20000
tcp-fastopen: 0
http1-request-timeout: 3600
pid-file: {folder}/h2o.pid
error-log: {folder}/h2o-error.log
hosts:
  default:
    listen: {{ host: 127.0.0.1, port: {port} }}
    paths:
      /:
        file.dir: {files}
        file.send-compressed: OFF
"""

CANDOR_DAV = """\
listen: ["127.0.0.1:{port}"]
workers: 1
access_log: "off"
state: "sqlite:{folder}/candor.db"
routes:
  - path: /
    files: {{ root: {files}, write: true }}
"""

APACHE_DAV = """\
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache-error.log
LogLevel crit
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so
LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so
{apache_user}
StartServers 1
ServerLimit 1
ThreadsPerChild 128
MaxRequestWorkers 128
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 3600
DavLockDB {files}/../apache-locks
DocumentRoot {files}
<Directory {files}>
    Dav On
    Require all granted
</Directory>
"""

LIGHTTPD_DAV = LIGHTTPD.replace("server.modules = ()", 'server.modules = ( "mod_webdav" )') + """\
webdav.activate = "enable"
webdav.sqlite-db-name = "{folder}/lighttpd-dav.db"
server.upload-dirs = ( "{files}" )
"""

CANDOR_GATEWAY = """\
listen: ["127.0.0.1:{port}"]
workers: 1
access_log: "off"
routes:
  - path: /
    gateway: {{ to: "http://127.0.0.1:{upstream}" }}
"""

NGINX_GATEWAY = NGINX.replace("        root {files};\n", """\
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
""").replace("    server {{", """\
    upstream behind {{
        server 127.0.0.1:{upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{""", 1)

HAPROXY = """\
global
    nbthread 1
    maxconn 20000
    no strict-limits
defaults
    mode http
    option http-keep-alive
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client 3600s
    timeout server 3600s
frontend front
    bind 127.0.0.1:{port}
    default_backend behind
backend behind
    server one 127.0.0.1:{upstream}
"""

# name: (program, configuration or None, arguments, how it tells its version)
KINDS = {
    "floor": (ROOT / "build/bench/floor", None, ["{port}"], None),
    "floor-copy": (ROOT / "build/bench/floor", None, ["{port}", "{files}/100K.txt", "copy"], None),
    "floor-sendfile": (ROOT / "build/bench/floor", None,
                       ["{port}", "{files}/100K.txt", "sendfile"], None),
    "candor": (ROOT / "build/candor", CANDOR, ["serve", "--config", "{config}"], "--version"),
    "nginx": ("nginx", NGINX, ["-p", "{folder}", "-e", "stderr", "-c", "{config}"], "-v"),
    "lighttpd": ("lighttpd", LIGHTTPD, ["-D", "-f", "{config}"], "-v"),
    "h2o": ("h2o", H2O, ["-c", "{config}"], "-v"),
}


FLOORS = {"floor": "1K", "floor-copy": "100K", "floor-sendfile": "100K"}  # what each one answers

# Those that are measured where clients write.
DAV_KINDS = {
    "candor-dav": (KINDS["candor"][0], CANDOR_DAV, *KINDS["candor"][2:]),
    "apache-dav": ("apache2", APACHE_DAV, ["-DFOREGROUND", "-f", "{config}"], "-v"),
    "lighttpd-dav": ("lighttpd", LIGHTTPD_DAV, *KINDS["lighttpd"][2:]),
}

# Those that pass requests on to the server on the port {upstream}.
GATEWAY_FLOOR = "relay"
GATEWAY_KINDS = {
    GATEWAY_FLOOR: (ROOT / "build/bench/relay", None, ["{port}", "{upstream}"], None),
    "candor-gateway": (KINDS["candor"][0], CANDOR_GATEWAY, *KINDS["candor"][2:]),
    "nginx-gateway": ("nginx", NGINX_GATEWAY, *KINDS["nginx"][2:]),
    "haproxy": ("haproxy", HAPROXY, ["-db", "-f", "{config}"], "-v"),
}
UPSTREAM_KINDS = {"upstream-1K": KINDS["floor"], "upstream-100K": KINDS["floor-sendfile"],
                  "upstream-10M": (KINDS["floor"][0], None,
                                   ["{port}", "{files}/10M.txt", "sendfile"], None)}
ALL_KINDS = {**KINDS, **DAV_KINDS, **GATEWAY_KINDS, **UPSTREAM_KINDS}


def add_beside(program):
    """Another build of Candor takes part in everything, configured as Candor is."""
    for kinds, name in ((KINDS, "candor"), (DAV_KINDS, "candor-dav"),
                        (GATEWAY_KINDS, "candor-gateway")):
        beside = name.replace("candor", "beside")
        kinds[beside] = ALL_KINDS[beside] = (Path(program).resolve(), *kinds[name][1:])


def find_program(name):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    program = shutil.which(ALL_KINDS[name][0], path=path)
    if not program:
        is_ours = str(ALL_KINDS[name][0]).startswith(str(ROOT))
        hint = "make build builds it" if is_ours else "tools/setup bench installs it"
        raise Missing(f"{name} is not here; {hint}")
    return program


def version(name):
    flag = ALL_KINDS[name][3]
    if not flag:
        return ""
    told = subprocess.run([find_program(name), flag], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    found = re.search(r"\d+\.\d+[\w.]*", told.stdout + told.stderr)
    return found.group(0) if found else ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One running server; its folder holds its configuration and what it prints. It may run under
    another program, which makes it slow."""

    def __init__(self, name, folder, files, cores, under=(), upstream=None):
        self.name = name
        self.port = free_port()
        self.folder = Path(folder)
        program, words = find_program(name), ALL_KINDS[name][2]
        facts = {"port": self.port, "files": files, "folder": folder,
                 "user": "user: root" if os.getuid() == 0 else "",
                 "apache_user": "User www-data\nGroup www-data" if os.getuid() == 0 else "",
                 "config": self.folder / f"{name}.conf", "upstream": upstream}
        if ALL_KINDS[name][1]:
            facts["config"].write_text(ALL_KINDS[name][1].format(**facts))
        self.log = self.folder / f"{name}.log"
        self.patience = START_SECONDS * (6 if under else 1)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*under, program, *(word.format(**facts) for word in words)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, cores))
        try:
            self.wait_until_ready()
        except Missing:
            self.end()
            raise

    def wait_until_ready(self):
        limit = time.monotonic() + self.patience
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        told = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise Missing(f"{self.name} does not start: " + (" / ".join(told) or "it says nothing"))

    def check(self, path, content):
        """Numbers about wrong answers would be worth nothing."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        client.request("GET", path)
        response = client.getresponse()
        got = response.read()
        client.close()
        is_exact = self.name in KINDS and self.name not in FLOORS
        if response.status != 200 or (got != content if is_exact else
                                      len(got) != len(content)):
            raise Missing(f"{self.name} answers {path} with {response.status} and {len(got)} "
                          f"bytes instead of the file's {len(content)}")

    def processes(self):
        """The server's process and its descendants."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        family = [self.process.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def cpu_seconds(self):
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, of all threads
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Proportional set size in bytes: what the processes hold, shared pages counted once."""
        total = 0
        for pid in self.processes():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024
        return total

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(self.patience / 2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def raise_descriptor_limit(wanted):
    """The servers inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
