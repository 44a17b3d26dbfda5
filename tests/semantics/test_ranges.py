# SPDX-License-Identifier: MIT
"""Range requests: RFC 9110 §14, §15.3.7 and §15.5.17."""
import re

import pytest

TARGETS = ("/small.txt", "/large.bin")
WHOLE, NONE = "whole", "none"  # 200: the field is ignored; 416: nothing of it lies within

# The Range, and what comes: inclusive positions, negative ones from the end, as in Python.
CASES = [
    # One range, §14.1.2
    ("bytes=0-0", [(0, 0)]),
    ("bytes=0-9", [(0, 9)]),
    ("bytes=7-", [(7, -1)]),
    ("bytes=0-", [(0, -1)]),
    ("bytes=-1", [(-1, -1)]),
    ("bytes=-500", [(-500, -1)]),
    ("bytes={last}-", [(-1, -1)]),
    ("bytes={last}-{last}", [(-1, -1)]),
    ("BYTES=0-9", [(0, 9)]),
    ("bytes=000-009", [(0, 9)]),
    ("bytes= 0-9 ", [(0, 9)]),
    # Clipped to what there is
    ("bytes=990-99999999", [(990, -1)]),
    ("bytes=0-{size}", [(0, -1)]),
    ("bytes=990-99999999999999999999999999", [(990, -1)]),
    ("bytes=-99999999", [(0, -1)]),
    ("bytes=-99999999999999999999999999", [(0, -1)]),
    # Several
    ("bytes=0-9,20-29", [(0, 9), (20, 29)]),
    ("bytes=0-9, 20-29 ,\t40-49", [(0, 9), (20, 29), (40, 49)]),
    ("bytes=,0-9,,20-29,", [(0, 9), (20, 29)]),
    ("bytes=500-509,0-9", [(500, 509), (0, 9)]),
    ("bytes=0-0,-1", [(0, 0), (-1, -1)]),
    ("bytes=0-9,{size}-", [(0, 9)]),
    ("bytes={size}-,3-9,-0", [(3, 9)]),
    ("bytes=0-9,20-99999999", [(0, 9), (20, -1)]),
    # Coalesced, §15.3.7.2
    ("bytes=0-9,10-19", [(0, 19)]),
    ("bytes=10-19,0-9", [(0, 19)]),
    ("bytes=0-9,5-19", [(0, 19)]),
    ("bytes=0-99,20-29", [(0, 99)]),
    ("bytes=0-9,0-9", [(0, 9)]),
    ("bytes=0-9,100-109,10-19", [(0, 19), (100, 109)]),
    # Not understood, so ignored: §14.2
    ("bytes=9-0", WHOLE),
    ("bytes=0-9,9-5", WHOLE),
    ("bytes=", WHOLE),
    ("bytes", WHOLE),
    ("bytes=-", WHOLE),
    ("bytes=,", WHOLE),
    ("bytes=a-b", WHOLE),
    ("bytes=0x0-9", WHOLE),
    ("bytes=+0-9", WHOLE),
    ("bytes=0-9;", WHOLE),
    ("bytes=0--9", WHOLE),
    ("bytes =0-9", WHOLE),
    ("bytes=0 - 9", WHOLE),
    ("lines=0-9", WHOLE),
    ("0-9", WHOLE),
    # Nothing of it is there, §15.5.17
    ("bytes={size}-", NONE),
    ("bytes={size}-99999999", NONE),
    ("bytes=-0", NONE),
    ("bytes={size}-,99999999-", NONE),
    ("bytes=99999999999999999999999999-", NONE),
]


def positions(wanted, size):
    return [(first % size, last % size) for first, last in wanted]


def content_range(first, last, size):
    return f"bytes {first}-{last}/{size}"


def parse_parts(response):
    """The parts of a multipart/byteranges content as (fields, bytes); every byte is accounted for
    (RFC 2046 §5.1.1)."""
    found = re.fullmatch(r"multipart/byteranges; boundary=([0-9A-Za-z'()+_,./:=?-]{1,70})",
                         response["Content-Type"])
    delimiter = b"\r\n--" + found.group(1).encode()
    rest = b"\r\n" + response.body
    parts = []
    assert rest.startswith(delimiter)
    rest = rest[len(delimiter):]
    while not rest == b"--\r\n":
        assert rest.startswith(b"\r\n")
        head, rest = rest[2:].split(b"\r\n\r\n", 1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        first, last = re.fullmatch(r"bytes (\d+)-(\d+)/\d+", fields["Content-Range"]).groups()
        length = int(last) - int(first) + 1
        parts.append((fields, rest[:length]))
        assert rest[length:].startswith(delimiter)
        rest = rest[length + len(delimiter):]
    return parts


def check_206(site, target, response, wanted, lines=(), content=None):
    content = content or site.content[target]
    whole = site.ask("GET", target, *lines)
    size = len(content)
    expected = positions(wanted, size)
    assert response.status == 206
    for name in ("ETag", "Last-Modified", "Vary", "Content-Encoding"):
        assert response[name] == whole[name]  # §15.3.7
    assert int(response["Content-Length"]) == len(response.body)
    assert response.complete
    if len(expected) == 1:
        (first, last), = expected
        assert response["Content-Range"] == content_range(first, last, size)
        assert response["Content-Type"] == whole["Content-Type"]
        assert response.body == content[first:last + 1]
        return
    assert response["Content-Range"] is None  # §15.3.7.2: a MUST NOT
    parts = parse_parts(response)
    assert [fields["Content-Range"] for fields, _ in parts] == [
        content_range(first, last, size) for first, last in expected]
    assert all(fields["Content-Type"] == whole["Content-Type"] for fields, _ in parts)
    assert [body for _, body in parts] == [content[first:last + 1] for first, last in expected]


@pytest.mark.parametrize("value, wanted", CASES, ids=lambda case: str(case))
def test_range_decides(site, value, wanted):
    for target in TARGETS:
        size = len(site.content[target])
        line = "Range: " + value.format(size=size, last=size - 1)
        # Two on one connection: the second is lost unless the first is exactly as long as it says.
        with site.server.connect() as client:
            for _ in range(2):
                client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")
            first, second = client.read_response(), client.read_response()
        assert second.status == first.status and len(second.body) == len(first.body)
        if wanted is WHOLE:
            assert first.status == 200 and first["Content-Range"] is None
            assert first.body == site.content[target]
        elif wanted is NONE:
            assert first.status == 416 and first["Content-Range"] == f"bytes */{size}"
            assert first.outcome == "range-not-satisfiable"
        else:
            check_206(site, target, first, wanted)


@pytest.mark.parametrize("target", TARGETS)
def test_more_ranges_than_are_taken_are_ignored(site, target):  # RFC 9110 §17.15
    value = ",".join(f"{10 * i}-{10 * i}" for i in range(65))
    response = site.ask("GET", target, f"Range: bytes={value}")
    assert response.status == 200 and response.body == site.content[target]


def test_many_ranges_of_a_large_file_are_served(site):
    wanted = [(4000 * i, 4000 * i + 9) for i in range(64)]
    value = ",".join(f"{first}-{last}" for first, last in wanted)
    check_206(site, "/large.bin", site.ask("GET", "/large.bin", f"Range: bytes={value}"), wanted)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("value", [
    ",".join(["0-"] * 64), ",".join(["0-", "-999"] * 30), ",".join(f"{i}-" for i in range(64)),
    ",".join(f"{15 * i}-{15 * i}" for i in range(64)), "0-,1-,2-", "0-999,0-999,0-999"],
    ids=["same", "both ends", "shifted", "tiny", "three", "three alike"])
def test_range_attack_costs_no_more_than_the_whole(site, target, value):  # RFC 9110 §17.15
    response = site.ask("GET", target, f"Range: bytes={value}")
    size = len(site.content[target])
    assert response.status in (200, 206)
    assert len(response.body) <= size
    if response.status == 200:
        assert response.body == site.content[target]


@pytest.mark.parametrize("value", ["bytes=0-9", "bytes=0-1,5-6", "bytes=99999999-", "bytes=9-0"])
def test_head_ignores_range(site, value):  # RFC 9110 §14.2: Range is defined for GET only
    for target in TARGETS:
        response = site.ask("HEAD", target, f"Range: {value}")
        assert response.status == 200 and response["Content-Range"] is None
        assert int(response["Content-Length"]) == len(site.content[target])
        assert response["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("value, status", [
    ("bytes=0-", 416), ("bytes=0-0", 416), ("bytes=-0", 416), ("bytes=-1", 200)])
def test_empty_file_has_no_range(site, value, status):
    # RFC 9110 §14.1.2: a suffix is satisfiable always, but there is no Content-Range for nothing
    response = site.ask("GET", "/empty.txt", f"Range: {value}")
    assert response.status == status
    assert response["Content-Range"] == ("bytes */0" if status == 416 else None)


def test_range_of_a_listing_is_ignored(site):
    response = site.ask("GET", "/folder/", "Range: bytes=0-9")
    assert response.status == 200 and response["Accept-Ranges"] is None


@pytest.mark.parametrize("target, suffix", [("/coded.txt", ".gz"), ("/big.txt", ".gz")])
@pytest.mark.parametrize("value, wanted", [
    ("bytes=2-7", [(2, 7)]), ("bytes=-3", [(-3, -1)]), ("bytes=0-1,10-12", [(0, 1), (10, 12)])])
def test_range_is_of_the_coded_representation(site, target, suffix, value, wanted):
    # RFC 9110 §14.1: positions count in the selected representation, which is the coded one
    lines = ("Accept-Encoding: gzip",)
    response = site.ask("GET", target, f"Range: {value}", *lines)
    check_206(site, target, response, wanted, lines, site.content[target + suffix])
    assert response["Content-Encoding"] == "gzip"


def test_range_beyond_the_coded_representation_tells_its_length(site):
    size = len(site.content["/coded.txt.gz"])
    response = site.ask("GET", "/coded.txt", f"Range: bytes={size}-", "Accept-Encoding: gzip")
    assert response.status == 416 and response["Content-Range"] == f"bytes */{size}"
