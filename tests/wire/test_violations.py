# SPDX-License-Identifier: MIT
"""Every violation of RFC 9112 and of RFC 9110's field syntax: its outcome, its offset, and a close
behind which nothing is read as a request (RFC 9112 §2.2, §3, §5, §6, §7, RFC 9110 §5, §7.2).

In the table ^ stands before the byte at which the violation is found.
"""
import re
import ssl

import pytest

import harness

STATUS = {"request-line-too-long": 414, "fields-too-large": 431, "fields-too-many": 431,
          "trailers-too-large": 431, "version-unsupported": 505,
          "transfer-encoding-unknown": 501}

GET = "GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = GET + "Transfer-Encoding: chunked\r\n\r\n"
LONG_CHUNK = "1;" + "a" * 1022 + "\r\nx\r\n"
BEHIND = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

REQUEST_LINE = [
    # RFC 9112 §3: method SP request-target SP HTTP-version
    ("request-line-malformed", "two spaces behind the method", "GET ^ / HTTP/1.1\r\n"),
    ("request-line-malformed", "a tab for the target", "GET ^\t HTTP/1.1\r\n"),
    ("request-line-malformed", "two spaces behind the target", "GET / ^ HTTP/1.1\r\n"),
    ("request-line-malformed", "the method alone", "GET^\r\n"),
    ("request-line-malformed", "the method and a space alone", "GET ^\r\n"),
    ("request-line-malformed", "a second empty line before it", "\r\n^\r\nGET / HTTP/1.1\r\n"),
    ("request-line-too-long", "one byte more than 8K",
     "GET /" + "a" * (8192 - 5) + "^a HTTP/1.1\r\n"),
    # RFC 9112 §3.1: method = token
    ("method-malformed", "a space before it", "^ GET / HTTP/1.1\r\n"),
    ("method-malformed", "a parenthesis in it", "G^(T / HTTP/1.1\r\n"),
    ("method-malformed", "a tab behind it", "GET^\t/ HTTP/1.1\r\n"),
    ("method-malformed", "NUL", "^\0GET / HTTP/1.1\r\n"),
    ("method-malformed", "a byte beyond ASCII", "GE^\xc3 / HTTP/1.1\r\n"),
    # RFC 9112 §3.2: request-target
    ("target-malformed", "a quote", "GET /a^\" HTTP/1.1\r\n"),
    ("target-malformed", "a fragment", "GET /a^#b HTTP/1.1\r\n"),
    ("target-malformed", "a control", "GET /a^\x01 HTTP/1.1\r\n"),
    ("target-malformed", "NUL", "GET /a^\0 HTTP/1.1\r\n"),
    ("target-malformed", "a tab", "GET /a^\tb HTTP/1.1\r\n"),
    ("target-malformed", "a byte beyond ASCII", "GET /^\xc3\xa4 HTTP/1.1\r\n"),
    ("target-malformed", "a backslash", "GET ^\\ HTTP/1.1\r\n"),
    ("target-malformed", "no form at all", "GET name^ HTTP/1.1\r\n"),
    ("target-malformed", "one slash behind the scheme", "GET http:/^a HTTP/1.1\r\n"),
    ("target-malformed", "no host", "GET http://^/ HTTP/1.1\r\n"),
    ("target-malformed", "something behind the asterisk", "OPTIONS *^a HTTP/1.1\r\n"),
    ("target-malformed", "CONNECT without a port", "CONNECT a^ HTTP/1.1\r\n"),
    ("target-percent-malformed", "no digit", "GET /a^% HTTP/1.1\r\n"),
    ("target-percent-malformed", "one digit", "GET /^%4 HTTP/1.1\r\n"),
    ("target-percent-malformed", "no hexadecimal digits", "GET /q=^%zz HTTP/1.1\r\n"),
    ("target-percent-malformed", "in an authority", "GET http://a^%zz/ HTTP/1.1\r\n"),
    ("target-form-wrong", "the asterisk with GET", "GET ^* HTTP/1.1\r\n"),
    ("target-form-wrong", "a path with CONNECT", "CONNECT ^/ HTTP/1.1\r\n"),
    ("target-form-wrong", "an authority with GET", "GET ^a:80 HTTP/1.1\r\n"),
    ("target-scheme-unknown", "ftp", "GET ^ftp://a/ HTTP/1.1\r\n"),
    ("target-scheme-unknown", "javascript", "GET ^javascript:a HTTP/1.1\r\n"),
    ("target-userinfo", "a user", "GET http://u^@a/ HTTP/1.1\r\n"),
    ("target-userinfo", "a user and a password", "GET http://u:p^@a/ HTTP/1.1\r\n"),
    # RFC 9112 §2.3: HTTP-version
    ("version-missing", "HTTP/0.9", "GET /^\r\n"),
    ("version-missing", "a space for it", "GET / ^\r\n"),
    ("version-malformed", "small letters", "GET / ^http/1.1\r\n"),
    ("version-malformed", "another protocol", "GET / ^SIP/2.0\r\n"),
    ("version-malformed", "one digit", "GET / HTTP/1^\r\n"),
    ("version-malformed", "three digits", "GET / HTTP/1.1^0\r\n"),
    ("version-malformed", "a letter", "GET / HTTP/1.^x\r\n"),
    ("version-malformed", "a space behind it", "GET / HTTP/1.1^ \r\n"),
    ("version-malformed", "a space in the target", "GET /a ^b HTTP/1.1\r\n"),
    ("version-unsupported", "2.0", "GET / HTTP/^2.0\r\n"),
    ("version-unsupported", "0.9", "GET / HTTP/^0.9\r\n"),
    ("version-unsupported", "the preface of HTTP/2", "PRI * HTTP/^2.0\r\n\r\nSM\r\n\r\n"),
]

HOST = [
    # RFC 9112 §3.2, RFC 9110 §7.2
    ("host-missing", "no field", "GET / HTTP/1.1\r\nAccept: a/b\r\n^\r\n"),
    ("host-missing", "an absolute target", "GET http://a/ HTTP/1.1\r\n^\r\n"),
    ("host-repeated", "the same value", "GET / HTTP/1.1\r\nHost: a\r\n^Host: a\r\n\r\n"),
    ("host-repeated", "another value", "GET / HTTP/1.1\r\nHost: a\r\n^host: b\r\n\r\n"),
    ("host-repeated", "in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n^Host: a\r\n\r\n"),
    ("host-malformed", "empty", "GET / HTTP/1.1\r\nHost: ^\r\n\r\n"),
    ("host-malformed", "a port alone", "GET / HTTP/1.1\r\nHost: ^:80\r\n\r\n"),
    ("host-malformed", "a space", "GET / HTTP/1.1\r\nHost: ^a b\r\n\r\n"),
    ("host-malformed", "a path", "GET / HTTP/1.1\r\nHost: ^a/b\r\n\r\n"),
    ("host-malformed", "a user", "GET / HTTP/1.1\r\nHost: ^u@a\r\n\r\n"),
    ("host-malformed", "a scheme", "GET / HTTP/1.1\r\nHost: ^http://a\r\n\r\n"),
    ("host-malformed", "too large a port", "GET / HTTP/1.1\r\nHost: ^a:65536\r\n\r\n"),
    ("host-malformed", "a port in letters", "GET / HTTP/1.1\r\nHost: ^a:http\r\n\r\n"),
    ("host-malformed", "half an IPv6 address", "GET / HTTP/1.1\r\nHost: ^[::1\r\n\r\n"),
    ("host-malformed", "no IPv6 address", "GET / HTTP/1.1\r\nHost: ^[1:2]\r\n\r\n"),
    ("host-malformed", "beyond ASCII", "GET / HTTP/1.1\r\nHost: ^\xe4\r\n\r\n"),
    ("host-differs", "another name", "GET http://a/ HTTP/1.1\r\nHost: ^b\r\n\r\n"),
    ("host-differs", "another port", "GET http://a:1/ HTTP/1.1\r\nHost: ^a:2\r\n\r\n"),
    ("host-differs", "no port", "GET http://a:1/ HTTP/1.1\r\nHost: ^a\r\n\r\n"),
]

LINES = [
    # RFC 9112 §2.2: CRLF only
    ("line-end-bare-lf", "behind the request line", "GET / HTTP/1.1^\nHost: a\n\n"),
    ("line-end-bare-lf", "behind the target", "GET /^\n"),
    ("line-end-bare-lf", "behind a field line", "GET / HTTP/1.1\r\nHost: a^\n\r\n"),
    ("line-end-bare-lf", "for the empty line", GET + "^\n"),
    ("line-end-bare-lf", "before the request line", "^\nGET / HTTP/1.1\r\n"),
    ("line-end-bare-cr", "in the request line", "GET / HTTP/1.1^\rHost: a\r\n"),
    ("line-end-bare-cr", "in a field value", GET + "X: a^\rY: b\r\n\r\n"),
    ("line-end-bare-cr", "two of them", GET + "X: a^\r\r\n\r\n"),
    ("line-end-bare-cr", "for the empty line", GET + "^\rX\r\n"),
    # RFC 9112 §5.2: obs-fold
    ("field-line-folded", "by a space", GET + "X: a\r\n^ b\r\n\r\n"),
    ("field-line-folded", "by a tab", GET + "X: a\r\n^\tb\r\n\r\n"),
    ("field-line-folded", "whitespace alone", GET + "^ \r\n\r\n"),
    ("field-line-indented", "the first one", "GET / HTTP/1.1\r\n^ Host: a\r\n\r\n"),
    # RFC 9112 §5, RFC 9110 §5.1: field-name = token
    ("field-name-malformed", "empty", GET + "^: v\r\n\r\n"),
    ("field-name-malformed", "a parenthesis", GET + "X^(: v\r\n\r\n"),
    ("field-name-malformed", "a space in it", GET + "X^ Y: v\r\n\r\n"),
    ("field-name-malformed", "NUL", GET + "X^\0: v\r\n\r\n"),
    ("field-name-malformed", "beyond ASCII", GET + "X^\xe4: v\r\n\r\n"),
    ("field-space-before-colon", "a space", GET + "X^ : v\r\n\r\n"),
    ("field-space-before-colon", "a tab", GET + "Content-Length^\t: 5\r\n\r\n"),
    ("field-colon-missing", "a name alone", GET + "X^\r\n\r\n"),
    ("field-colon-missing", "a name and a space", GET + "X ^\r\n\r\n"),
    # RFC 9110 §5.5: field-value
    ("field-value-malformed", "NUL", GET + "X: a^\0b\r\n\r\n"),
    ("field-value-malformed", "DEL", GET + "X: a^\x7f\r\n\r\n"),
    ("field-value-malformed", "ESC", GET + "X: ^\x1b[31m\r\n\r\n"),
    # RFC 9110 §5.3: a singleton twice
    ("field-repeated", "Content-Type", GET + "Content-Type: a/b\r\n^Content-Type: a/b\r\n\r\n"),
    ("field-repeated", "Depth", GET + "Depth: 1\r\nX: y\r\n^depth: 1\r\n\r\n"),
    ("field-repeated", "Authorization",
     GET + "Authorization: Basic a\r\n^Authorization: Basic b\r\n\r\n"),
    # RFC 9110 §5.4
    ("fields-too-large", "one byte more than 32K", "GET / HTTP/1.1\r\nHost: a\r\nX: " +
     "a" * (32768 - 9 - 3) + "^a\r\n\r\n"),
    ("fields-too-large", "many lines", GET + ("X: " + "a" * 994 + "\r\n") * 32 + "X: " +
     "a" * (32768 - 9 - 32 * 999 - 3) + "^a"),
    ("fields-too-many", "101 of them", GET + "X: y\r\n" * 99 + "^X: y\r\n\r\n"),
    # RFC 9110 §7.6.1
    ("connection-malformed", "two names without a comma",
     GET + "Connection: ^keep-alive close\r\n\r\n"),
    ("connection-malformed", "a quoted name", GET + "Connection: close, ^\"a\"\r\n\r\n"),
]

FRAMING = [
    # RFC 9110 §8.6, RFC 9112 §6.3
    ("content-length-malformed", "a sign", GET + "Content-Length: ^+5\r\n\r\n"),
    ("content-length-malformed", "negative", GET + "Content-Length: ^-1\r\n\r\n"),
    ("content-length-malformed", "hexadecimal", GET + "Content-Length: ^0x5\r\n\r\n"),
    ("content-length-malformed", "two numbers", GET + "Content-Length: ^5 5\r\n\r\n"),
    ("content-length-malformed", "empty", GET + "Content-Length: ^\r\n\r\n"),
    ("content-length-malformed", "a list of otherwise written numbers",
     GET + "Content-Length: 5, ^05\r\n\r\n"),
    ("content-length-repeated", "two lines",
     GET + "Content-Length: 5\r\n^Content-Length: 5\r\n\r\n"),
    ("content-length-repeated", "a list", GET + "Content-Length: 5, ^5\r\n\r\n"),
    ("content-length-differs", "two lines",
     GET + "Content-Length: 5\r\nContent-Length: ^6\r\n\r\n"),
    ("content-length-differs", "a list", GET + "Content-Length: 5, ^0\r\n\r\n"),
    ("content-length-overflow", "2^63", GET + "Content-Length: ^9223372036854775808\r\n\r\n"),
    ("content-length-overflow", "2^64 + 5", GET + "Content-Length: ^18446744073709551621\r\n\r\n"),
    # RFC 9112 §6.1
    ("transfer-encoding-with-length", "length first",
     GET + "Content-Length: 5\r\nTransfer-Encoding: ^chunked\r\n\r\n0\r\n\r\n"),
    ("transfer-encoding-with-length", "coding first",
     GET + "Transfer-Encoding: ^chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
    ("transfer-encoding-malformed", "empty", GET + "Transfer-Encoding: ^\r\n\r\n"),
    ("transfer-encoding-malformed", "quoted", GET + "Transfer-Encoding: ^\"chunked\"\r\n\r\n"),
    ("transfer-encoding-malformed", "a parameter", GET + "Transfer-Encoding: ^chunked;a=b\r\n\r\n"),
    ("transfer-encoding-malformed", "no comma", GET + "Transfer-Encoding: ^gzip chunked\r\n\r\n"),
    ("transfer-encoding-chunked-not-last", "gzip alone", GET + "Transfer-Encoding: ^gzip\r\n\r\n"),
    ("transfer-encoding-chunked-not-last", "gzip last",
     GET + "Transfer-Encoding: chunked, ^gzip\r\n\r\n"),
    ("transfer-encoding-chunked-not-last", "identity",
     GET + "Transfer-Encoding: ^identity\r\n\r\n"),
    ("transfer-encoding-chunked-not-last", "in a second line",
     GET + "Transfer-Encoding: chunked\r\nTransfer-Encoding: ^x\r\n\r\n0\r\n\r\n"),
    ("transfer-encoding-chunked-not-last", "a name like it",
     GET + "Transfer-Encoding: ^xchunked\r\n\r\n"),
    ("transfer-encoding-chunked-repeated", "a list",
     GET + "Transfer-Encoding: chunked, ^chunked\r\n\r\n"),
    ("transfer-encoding-chunked-repeated", "two lines",
     GET + "Transfer-Encoding: chunked\r\nTransfer-Encoding: ^Chunked\r\n\r\n"),
    ("transfer-encoding-unknown", "gzip", GET + "Transfer-Encoding: ^gzip, chunked\r\n\r\n"),
    ("transfer-encoding-in-http-1-0", "chunked",
     "GET / HTTP/1.0\r\nTransfer-Encoding: ^chunked\r\n\r\n0\r\n\r\n"),
]

CHUNKS = [
    # RFC 9112 §7.1: chunk-size
    ("chunk-size-malformed", "no digit", CHUNKED + "^g\r\n"),
    ("chunk-size-malformed", "a sign", CHUNKED + "^+5\r\n"),
    ("chunk-size-malformed", "negative", CHUNKED + "^-1\r\n"),
    ("chunk-size-malformed", "a prefix", CHUNKED + "0^x5\r\n"),
    ("chunk-size-malformed", "a space before it", CHUNKED + "^ 5\r\n"),
    ("chunk-size-malformed", "an empty line", CHUNKED + "^\r\n"),
    ("chunk-size-malformed", "none behind a chunk", CHUNKED + "3\r\nabc\r\n^\r\n"),
    ("chunk-size-overflow", "2^63", CHUNKED + "800000000000000^0\r\n"),
    ("chunk-size-overflow", "2^64 + 5", CHUNKED + "1000000000000000^5\r\n"),
    # RFC 9112 §7.1.1: chunk-ext
    ("chunk-extension-malformed", "no semicolon", CHUNKED + "5 ^x\r\n"),
    ("chunk-extension-malformed", "no name", CHUNKED + "5;^=a\r\n"),
    ("chunk-extension-malformed", "whitespace alone", CHUNKED + "5 ^\r\n"),
    ("chunk-extension-malformed", "no value", CHUNKED + "5;a=^\r\n"),
    ("chunk-extension-malformed", "a control in quotes", CHUNKED + "5;a=\"^\x01\"\r\n"),
    ("chunk-extension-malformed", "quotes that do not end", CHUNKED + "5;a=\"b^\r\n"),
    ("chunk-extension-malformed", "something behind quotes", CHUNKED + "5;a=\"b\"^c\r\n"),
    ("chunk-extension-too-long", "more than 1K", CHUNKED + "5;" + "a" * 1022 + "^a\r\n"),
    ("chunk-overhead-too-large", "a byte in 1K each", CHUNKED + LONG_CHUNK * 16
     + LONG_CHUNK.replace("\n", "^\n", 1)),
    ("chunk-line-end-malformed", "LF alone", CHUNKED + "5^\nhello\n0\n\n"),
    ("chunk-line-end-malformed", "CR alone", CHUNKED + "5\r^hello\r\n"),
    ("chunk-line-end-malformed", "LF behind an extension", CHUNKED + "5;a^\nhello\r\n"),
    ("chunk-line-end-malformed", "LF in quotes", CHUNKED + "5;a=\"^\n\"\r\n"),
    ("chunk-data-unterminated", "too much data", CHUNKED + "3\r\nabc^d\r\n"),
    ("chunk-data-unterminated", "LF alone", CHUNKED + "3\r\nabc^\n0\r\n\r\n"),
    ("chunk-data-unterminated", "CR alone", CHUNKED + "3\r\nabc\r^0\r\n\r\n"),
    # RFC 9112 §7.1.2, RFC 9110 §6.5.1: trailers
    ("trailer-malformed", "no name", CHUNKED + "0\r\n^: x\r\n\r\n"),
    ("trailer-malformed", "a space before the colon", CHUNKED + "0\r\nX^ : y\r\n\r\n"),
    ("trailer-malformed", "folded", CHUNKED + "0\r\nX: y\r\n^ z\r\n\r\n"),
    ("trailer-malformed", "LF alone", CHUNKED + "0\r\nX: y^\n\r\n"),
    ("trailer-malformed", "CR alone", CHUNKED + "0\r\nX: y\r^z\r\n"),
    ("trailer-malformed", "CR alone at the end", CHUNKED + "0\r\n\r^x"),
    ("trailer-malformed", "a request for it", CHUNKED + "0\r\nGET^ / HTTP/1.1\r\n"),
    ("trailer-malformed", "a control", CHUNKED + "0\r\nX: ^\0\r\n\r\n"),
    ("trailer-forbidden", "Content-Length", CHUNKED + "0\r\n^Content-Length: 5\r\n\r\n"),
    ("trailer-forbidden", "Host", CHUNKED + "0\r\nX: y\r\n^host: b\r\n\r\n"),
    ("trailer-forbidden", "Authorization", CHUNKED + "0\r\n^Authorization: Basic a\r\n\r\n"),
    ("trailers-too-large", "one more than 100",
     CHUNKED + "0\r\n" + "X: y\r\n" * 100 + "^X: y\r\n\r\n"),
    ("trailers-too-large", "one byte more than 32K",
     CHUNKED + "0\r\nX: " + "a" * (32768 - 3) + "^a\r\n\r\n"),
]

ROWS = [pytest.param(outcome, text, id=f"{outcome}: {what}")
        for outcome, what, text in REQUEST_LINE + HOST + LINES + FRAMING + CHUNKS]


def check(server, journal, pieces, outcome, offset):
    """One answer that tells all, a close, and not a word of what was sent behind."""
    with server.connect() as client:
        for piece in pieces:
            client.send(piece)
        response = client.read_response()
        rest = client.read_to_end()
    assert (response.outcome, response.status) == (outcome, STATUS.get(outcome, 400))
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status
    assert response.json()["detail"] == f"Found at byte {offset} of the request."
    assert response["Connection"] == "close"
    assert rest == b"", "something behind the violation was answered"
    records = journal()
    assert [(r["outcome"], r["status"], r["offset"]) for r in records] == [
        (outcome, response.status, offset)]
    assert response.json()["instance"] == "urn:candor:request:" + records[0]["id"]
    assert records[0]["trail"].endswith("!")


@pytest.mark.parametrize("outcome, text", ROWS)
def test_violation_is_answered_with_its_outcome_and_a_close(server, journal, outcome, text):
    offset = text.index("^")
    check(server, journal, [text.replace("^", "", 1) + BEHIND], outcome, offset)


@pytest.mark.parametrize("outcome, text", ROWS)
def test_violation_is_the_same_however_the_bytes_come(server, journal, outcome, text):
    offset = text.index("^")
    data = text.replace("^", "", 1) + BEHIND
    size = max(1, len(data) // 128)
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    check(server, journal, pieces, outcome, offset)


def test_the_table_has_every_outcome_of_the_wire():
    """All of the registry from the request line to the trailers, but for what needs no violation
    (target-above-root is answered without a close)."""
    text = (harness.ROOT / "src/registry/outcome.def").read_text()
    part = text[text.index("// The request line."):text.index("// Time.")]
    tokens = set(re.findall(r'^OUTCOME\(\w+, "([a-z0-9-]+)"', part, re.MULTILINE))
    assert tokens - {row.values[0] for row in ROWS} == {"target-above-root"}


def test_a_path_above_the_root_is_refused_but_its_end_is_known(server, journal):
    """RFC 3986 §5.2.4: framing is not in doubt, so the connection stays."""
    for target, offset in (("/../x", 5), ("/a/../../x", 10), ("/%2e%2e/x", 5), ("/..", 5),
                           ("http://a/../x", 13)):
        with server.connect() as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n" + GET + "\r\n")
            response = client.read_response()
            assert (response.status, response.outcome) == (400, "target-above-root")
            assert response.json()["detail"] == f"Found at byte {offset} of the request."
            assert response["Connection"] is None
            assert client.read_response().body == b"front\n"
        assert [(r["outcome"], r.get("offset")) for r in journal()] == [
            ("target-above-root", offset), ("ok", None)]


def test_tls_is_answered_at_once(server, journal):
    """A ClientHello has no line end: nothing is waited for."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    check(server, journal, [out.read()], "method-malformed", 0)
