# SPDX-License-Identifier: MIT
"""What the tests of files share: folders to serve, and requests with exact targets."""
import harness

MEMORY = 256 * 1024  # larger files are sent from the file system


def put(root, name, content=b"content\n"):
    """Writes a file; name may be bytes."""
    path = root / name if isinstance(name, str) else bytes(root) + b"/" + name
    if isinstance(name, str):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    else:
        with open(path, "wb") as file:
            file.write(content)
    return path


def ask(server, method, target, *lines, host="example", version="HTTP/1.1"):
    """One request with exactly these field lines beside Host; target may be bytes."""
    target = target if isinstance(target, bytes) else target.encode("latin-1")
    head = "".join(f"{line}\r\n" for line in [f"Host: {host}", "Connection: close", *lines])
    with server.connect() as client:
        client.send(method.encode() + b" " + target + f" {version}\r\n{head}\r\n".encode("latin-1"))
        return client.read_response(method)


def record_of(server, response=None, target=None):
    """Waits for the access log's line of a response (by the id in its problem body) or target."""
    wanted = response.json()["instance"].rsplit(":", 1)[1] if response is not None else None
    while True:
        record = server.next_record()
        if record["id"] == wanted or (target is not None and record["target"] == target):
            return record


def same_but_for_the_request(response):
    """Fields and body, without what differs between any two requests: Date and the request's id."""
    fields = [(name, value) for name, value in response.fields if name != "Date"]
    body = response.body
    if b"urn:candor:request:" in body:
        at = body.index(b"urn:candor:request:") + len(b"urn:candor:request:")
        body = body[:at] + body[at + 16:]
    return response.status, response.reason, fields, body


def config(**options):
    """A configuration with the route / to the server's root and these options of it."""
    text = "".join(f", {key}: {str(value).lower()}" for key, value in options.items())
    return "routes:\n  - path: /\n    files: { root: '{root}'" + text + " }\n"


Server = harness.Server
ALLOWED = "GET, HEAD, OPTIONS"
