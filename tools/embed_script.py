#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header from the parts of a script: its bytes without comment lines and indentation,
and their SHA-256 as a Content-Security-Policy source (CSP Level 3, section 2.3.1), so that the
policy and the script that it permits cannot drift apart. Two variants: for folders that can only be
read (PAGE_SCRIPT_READ), without the parts named by --writable, and for those that can be written.

usage: embed_script.py HEADER.h PART.js... [--writable PART.js]...
"""
import argparse
import base64
import hashlib
import re
import sys
from pathlib import Path


def shrink(script):
    """Without comment lines, indentation and empty lines; every line break stays one. The parts
    hold no template that goes over several lines, whose indentation would be text."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def embed(name, parts):
    script = '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();"
    data = script.encode("ascii")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    rows = [data[i : i + 20] for i in range(0, len(data), 20)]
    body = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    return (f"#define {name.upper()}_SOURCE \"'sha256-{digest}'\"\n"
            f"static const char {name}[{len(data)}] = {{\n{body}\n}};\n")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("header")
    options.add_argument("parts", nargs="+")
    options.add_argument("--writable", action="append", default=[])
    options = options.parse_args()
    parts = {}
    for file in options.parts:
        text = Path(file).read_text(encoding="ascii")
        if re.search(r"</script|<!--", text, re.IGNORECASE):
            sys.exit(f"{file}: it could end the script element")
        parts[Path(file).name] = shrink(text)
    read = [text for name, text in parts.items() if name not in options.writable]
    Path(options.header).write_text(
        "// SPDX-License-Identifier: MIT\n"
        f"// Made from {', '.join(parts)}; changes belong there.\n"
        + embed("page_script_read", read) + embed("page_script_write", parts.values()),
        encoding="ascii")


if __name__ == "__main__":
    main()
