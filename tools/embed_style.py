#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header from a style sheet: its bytes without comments and indentation, and their
SHA-256 as a Content-Security-Policy source (CSP Level 3, section 2.3.1), so that the policy and
the style that it permits cannot drift apart.

usage: embed_style.py STYLE.css HEADER.h
"""
import base64
import hashlib
import re
import sys


def shrink(css):
    """Without comments, indentation and empty lines; every line break that parts words stays."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return "\n".join(line.strip() for line in css.splitlines() if line.strip())


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="ascii") as file:
        css = shrink(file.read())
    if "<" in css:
        sys.exit(f"{source}: '<' could end the style element; write %3C inside a data: URI")
    data = css.encode("ascii")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    rows = [data[i : i + 20] for i in range(0, len(data), 20)]
    body = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    with open(target, "w", encoding="ascii") as file:
        file.write(
            "// SPDX-License-Identifier: MIT\n"
            f"// Made from {source.rsplit('/', 1)[-1]}; changes belong there.\n"
            f'#define PAGE_STYLE_SOURCE "\'sha256-{digest}\'"\n'
            f"static const char page_style[{len(data)}] = {{\n{body}\n}};\n"
        )


if __name__ == "__main__":
    main()
