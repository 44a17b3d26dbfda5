# SPDX-License-Identifier: MIT
"""What the makers of C headers share: a piece of a page as C, with its SHA-256 as a
Content-Security-Policy source (CSP Level 3, section 2.3.1) and ready to be part of a gzip member
(RFC 1952): deflated on its own up to a byte's end, with its CRC."""
import base64
import hashlib
import zlib


def rows(data):
    lines = [data[at : at + 20] for at in range(0, len(data), 20)]
    return "\n".join("    " + " ".join(f"{byte}," for byte in line) for line in lines)


def piece(name, text):
    """NAME_SOURCE, NAME_CRC, and the arrays name and name_deflated."""
    data = text.encode("ascii")
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    deflated = coder.compress(data) + coder.flush(zlib.Z_FULL_FLUSH)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    return (f"#define {name.upper()}_SOURCE \"'sha256-{digest}'\"\n"
            f"#define {name.upper()}_CRC {zlib.crc32(data)}u\n"
            f"static const char {name}[{len(data)}] = {{\n{rows(data)}\n}};\n"
            f"static const unsigned char {name}_deflated[{len(deflated)}] = {{\n"
            f"{rows(deflated)}\n}};\n")
