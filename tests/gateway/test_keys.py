# SPDX-License-Identifier: MIT
"""The keys of a gateway are checked at the start, and what is wrong is told with its place."""
import subprocess

import pytest

import harness
from site_of_gateway import Answering, answer, config, request


def check(folder, text):
    (folder / "c.yaml").write_text(text)
    return subprocess.run([harness.CANDOR, "check", "c.yaml"], cwd=folder, capture_output=True,
                          text=True, timeout=20, check=False)


# Each is refused with a line that begins with the column and the key, and holds the words.
WRONG = [
    ("{}", 'to"', "it is missing"),
    ("{ to: [] }", 'to"', "the list is empty"),
    ("{ to: 'ftp://x' }", 'to"', "expected an address like http://"),
    ("{ to: 'https://x' }", 'to"', "https"),
    ("{ to: 'http://x:99999' }", 'to"', "expected an address"),
    ("{ to: [{ address: 'http://x', weight: 0 }] }", 'to.weight"', "out of range"),
    ("{ to: ['http://x', 'http://x'] }", 'to"', "twice"),
    ("{ to: ['fcgi://x:9000', 'http://x'], root: /srv }", 'to"', "a route for each"),
    ("{ to: 'http://x', connect_timeout: 0s }", 'connect_timeout"', "out of range"),
    ("{ to: 'http://x', response_timeout: 0ms }", 'response_timeout"', "out of range"),
    ("{ to: 'http://x', idle_timeout: 0s }", 'idle_timeout"', "out of range"),
    ("{ to: 'http://x', balance: best }", 'balance"', "is no way to choose"),
    ("{ to: 'http://x', balance: least }", 'balance"', "one upstream alone"),
    ("{ to: ['http://x', 'http://y'], balance: hash field }", 'balance"', "does not say of what"),
    ("{ to: 'http://x', queue: { length: 3 } }", 'queue"', "max_connections"),
    ("{ to: 'http://x', retries: 0, retry_budget: { percent: 1 } }", 'retry_budget"',
     "retries is 0"),
    ("{ to: 'http://x', root: /srv }", 'root"', "HTTP"),
    ("{ to: 'fcgi://x:9000' }", 'to"', "root"),
    ("{ to: 'fcgi://x:9000', root: /srv, health: { path: /up } }", 'health"', "FastCGI"),
    ("{ to: 'http://x', host: 'a b' }", 'host"', "is not a host"),
    ("{ to: 'http://x', host: 'a:0' }", 'host"', "port"),
    ("{ to: 'http://x', resolver: dns.example }", 'resolver"', "the address of a name server"),
    ("{ to: 'http://x', errors: [200] }", 'errors"', "is not the status of an error"),
    ("{ to: 'http://x', errors: [3xx] }", 'errors"', "is not the status of an error"),
    ("{ to: 'http://x', half_closed: maybe }", 'half_closed"', "expected wait or leave"),
    ("{ to: 'http://x', health: { status: 99 } }", 'health.status"', "out of range"),
] + [
    (f"{{ to: 'http://x', fields: {{ to_upstream: {{ set: {{ {name}: a }} }} }} }}",
     'fields.to_upstream.set"', words)
    for name, words in [("Content-Length", "where a message ends"),
                        ("transfer-encoding", "where a message ends"), ("Host", "the key host"),
                        ("Connection", "one connection alone"), ("Upgrade", "one connection alone"),
                        ("TE", "one connection alone"), ("Expect", "one connection alone"),
                        ("'a b'", "is not the name of a field")]
] + [
    ("{ to: 'http://x', fields: { to_client: { add: { X: ' a' } } } }", 'fields.to_client.add"',
     "begins or ends with a space"),
    ("{ to: 'http://x', fields: { to_client: { remove: [Content-Length] } } }",
     'fields.to_client.remove"', "where a message ends"),
]


@pytest.mark.parametrize("keys,key,words", WRONG, ids=[wrong[0] for wrong in WRONG])
def test_what_is_wrong_is_refused_with_its_place(tmp_path, keys, key, words):
    done = check(tmp_path, f"routes: [{{ path: /, gateway: {keys} }}]\n")
    assert done.returncode == 2
    line = done.stderr.splitlines()[0]
    assert line.startswith("c.yaml:1:") and f"routes.gateway.{key}" in line
    assert words in line


@pytest.mark.parametrize("network,words", [
    ("10.0.0.1/8", "not that of the network"), ("10.0.0.0/33", "bits"), ("example.org", "address"),
])
def test_a_network_of_proxies_is_checked(tmp_path, network, words):
    done = check(tmp_path, f"trusted_proxies: [{network}]\n"
                           "routes: [{ path: /, files: { root: . } }]\n")
    assert done.returncode == 2
    assert done.stderr.startswith(f'c.yaml:1:19: key "trusted_proxies": "{network}" ')
    assert words in done.stderr


def test_all_keys_together_are_fine(tmp_path):
    done = check(tmp_path, """\
trusted_proxies: [127.0.0.1, 10.0.0.0/8, "fd00::/8", unix]
routes:
  - path: /api/
    gateway:
      to: [{ address: "http://a:1/base", weight: 2 }, "http://[::1]:2", "unix:/run/x.sock"]
      balance: hash cookie sid
      connect_timeout: 1s
      response_timeout: 10s
      idle_timeout: 1m
      max_connections: 10
      queue: { length: 5, timeout: 1s }
      retries: 2
      retry_budget: { percent: 10, least: 1 }
      health: { path: /up, interval: 1s, timeout: 500ms, status: 204, failures: 2 }
      host: app.internal:81
      strip: true
      prefix: /v1
      buffer: 128K
      max_response: 1G
      errors: [5xx, 404]
      half_closed: leave
      resolver: "[::1]:5353"
      fields:
        to_upstream: { set: { X-A: b }, add: { X-C: "d: e" }, remove: [Cookie] }
        to_client: { remove: [Server] }
  - path: /php/
    gateway: { to: "fcgi+unix:/run/php.sock", root: /srv/php, index: i.php, script: /i.php,
               scripts: "*.php" }
""")
    assert (done.returncode, done.stderr) == (0, "")


def test_no_file_is_needed():
    with Answering(lambda each: answer(each.target)) as upstream:
        with harness.Server(arguments=["--to", upstream.url]) as server:
            assert server.get("/x?y").body == b"/x?y"
            with server.connect() as client:  # a page that has its name lead here gets nothing
                client.send(request("GET", "/", host="attacker.example"))
                assert client.read_response().status != 200


def serve(*arguments):
    return subprocess.run([harness.CANDOR, "serve", "--listen", "127.0.0.1:0", *arguments],
                          capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("arguments,words", [
    (["--to", "nonsense"], '--to: "nonsense" begins with none of http://'),
    (["--to", "http://x", "--to", "http://y:0"], '"http://y:0" has a port that is no number'),
    (["--to", "http://x", "--write"], "--write"),
    (["--to", "http://x", "."], "all requests are passed on"),
    (["--to", "http://x", "--config", "c.yaml"], "--to"),
    (["--to"], "a value is missing"),
    (["--to", "http://x", "--to", "http://x"], "twice"),
    (["--to", "fcgi://x:9000"], "root"),
])
def test_the_command_line_says_what_is_wrong(arguments, words):
    done = serve(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_the_hash_of_a_cookie_chooses_the_same_upstream():
    with Answering(lambda _: answer("a")) as a, Answering(lambda _: answer("b")) as b:
        with harness.Server(config=config(a, b, keys="balance: hash cookie sid")) as server:
            seen = set()
            for user in range(16):
                answers = {server.get("/", cookie=f"x=y; sid=u{user}").body for _ in range(3)}
                assert len(answers) == 1
                seen |= answers
            assert seen == {b"a", b"b"}


def test_weights_divide_requests():
    with Answering(lambda _: answer("a")) as a, Answering(lambda _: answer("b")) as b:
        text = (f"routes: [{{ path: /, gateway: {{ balance: round_robin, to: "
                f"[{{ address: '{a.url}', weight: 3 }}, '{b.url}'] }} }}]\n")
        with harness.Server(config="workers: 1\n" + text) as server:
            answers = [server.get("/").body for _ in range(8)]
            assert (answers.count(b"a"), answers.count(b"b")) == (6, 2)
