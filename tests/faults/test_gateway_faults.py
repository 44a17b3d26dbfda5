# SPDX-License-Identifier: MIT
"""As test_faults.py, for requests that are passed on: whatever call fails, the client gets the
answer of the upstream, an error of the server or a connection that ends, and the next request is
served."""
import pytest

from harness import Server
from site_of_faults import LIBRARY, MOST_CALLS, Faults, preloaded
from site_of_gateway import Answering, answer, config, request

pytestmark = pytest.mark.skipif(not LIBRARY.exists(),
                                reason="what sanitizers watch over cannot be made to fail")

LARGE = bytes(range(256)) * 800


def chunked(body):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        len(body), body)


def handle(sent):
    if sent.target == "/large":
        return chunked(LARGE)
    if sent.target == "/closes":
        return answer(b"closes", "Connection: close")
    if sent.target == "/tunnel":
        return b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: again\r\n\r\n"
    if sent.target == "/hints":
        return b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n" + answer(b"hinted")
    return answer(sent.content or b"small", *(f"X-{number}: {number}" for number in range(30)))


CASES = {
    "small": (request("GET", "/small"), b"small"),
    "many fields": (request("GET", "/small", *(f"X-{n}: {n}" for n in range(60))), b"small"),
    "large": (request("GET", "/large"), LARGE),
    "a new connection each time": (request("GET", "/closes"), b"closes"),
    "interim": (request("GET", "/hints"), b"hinted"),
    "content": (request("POST", "/echo", "Content-Length: 5") + b"hello", b"hello"),
    "content in chunks": (request("PUT", "/echo", "Transfer-Encoding: chunked")
                          + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello"),
    "large content": (request("PUT", "/echo", f"Content-Length: {len(LARGE)}") + LARGE, LARGE),
    "tunnel": (request("GET", "/tunnel", "Connection: upgrade", "Upgrade: again"), LARGE),
}


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    faults = Faults(folder / "control")
    with Answering(handle) as upstream:
        # It is asked, however often a call fails here.
        text = config(upstream, keys="health: { failures: 1000 }")
        with preloaded(folder / "control"):
            server = Server(config=text)
        with server:
            yield server, faults
            faults.disarm()


def ask(server, sent):
    """The final answer, or one through a tunnel; None: the connection ended before it."""
    try:
        with server.connect() as client:
            client.send(sent)
            while (answered := client.read_response()).status < 200:
                if answered.status == 101:
                    client.send(request("GET", "/large"))
            return answered
    except (EOFError, ConnectionError):
        return None


@pytest.mark.parametrize("sent, body", CASES.values(), ids=CASES)
def test_no_failure_harms_more_than_its_own_request(site, sent, body):
    server, faults = site
    for number in range(1, MOST_CALLS):
        faults.arm(number)
        answered = ask(server, sent)
        failed = faults.disarm()
        if answered is not None and answered.status == 200 and answered.complete:
            assert answered.body == body, f"call {number}, {failed}"
        elif answered is not None and answered.status != 200:
            assert answered.status >= 500, f"call {number}, {failed}: {answered.status}"
        again = ask(server, sent)
        assert again and (again.status, again.body) == (200, body), f"behind {number}, {failed}"
        if failed is None:
            break
    else:
        pytest.fail(f"after {MOST_CALLS} calls something still fails")
