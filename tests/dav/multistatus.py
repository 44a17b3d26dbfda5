# SPDX-License-Identifier: MIT
"""What the tests of properties share: requests, and multi-status answers taken apart."""
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote_to_bytes

DAV = "{DAV:}"
LIVE = ["creationdate", "displayname", "getcontentlength", "getcontenttype", "getetag",
        "getlastmodified", "resourcetype", "supportedlock", "lockdiscovery"]


class Row:
    """One response: its decoded path, its own status, and the properties by status."""

    def __init__(self, element):
        hrefs = element.findall(DAV + "href")
        assert len(hrefs) == 1
        self.href = hrefs[0].text
        self.path = unquote_to_bytes(self.href)
        self.status = status_of(element)
        self.groups = {}
        for group in element.findall(DAV + "propstat"):
            status = status_of(group)
            assert status not in self.groups, "two groups have one status"
            self.groups[status] = {p.tag: p for p in group.find(DAV + "prop")}
        self.element = element

    def text(self, name):
        found = self.groups.get(200, {}).get(DAV + name if name[0] != "{" else name)
        return None if found is None else found.text or ""

    def names(self, status=200):
        return set(self.groups.get(status, {}))


def status_of(element):
    status = element.find(DAV + "status")
    return None if status is None else int(status.text.split(" ")[1])


def rows(response):
    assert response.status == 207, response.body
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert response.complete
    found = [Row(e) for e in ElementTree.fromstring(response.body).findall(DAV + "response")]
    by_path = {row.path: row for row in found}
    assert len(by_path) == len(found), "a member is told twice"
    return by_path


def propfind(server, target, depth="0", body="", **fields):
    send = {"Depth": depth} if depth is not None else {}
    send.update({name.replace("_", "-"): value for name, value in fields.items()})
    return server.request("PROPFIND", target, send, body.encode())


def prop(*names):
    """The content of a PROPFIND for WebDAV's own properties, or (namespace, name)."""
    inner = "".join(f'<x:{n[1]} xmlns:x="{n[0]}"/>' if isinstance(n, tuple) else f"<D:{n}/>"
                    for n in names)
    return f'<D:propfind xmlns:D="DAV:"><D:prop>{inner}</D:prop></D:propfind>'


def proppatch(server, target, body, **fields):
    text = f'<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:">{body}</D:propertyupdate>'
    return server.request("PROPPATCH", target,
                          {n.replace("_", "-"): v for n, v in fields.items()}, text.encode())


def setting(*elements):
    return "".join(f"<D:set><D:prop>{e}</D:prop></D:set>" for e in elements)


def removing(*elements):
    return "".join(f"<D:remove><D:prop>{e}</D:prop></D:remove>" for e in elements)
