#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header from the parts of a script, without comment lines and indentation, so that the
policy and the script that it permits cannot drift apart. Two pieces (embed.py): for folders that
can only be read (page_script_read), without the parts named by --writable, and for those that can
be written (page_script_write).

usage: embed_script.py HEADER.h PART.js... [--writable PART.js]...
"""
import argparse
import re
import sys
from pathlib import Path

import embed


def shrink(script):
    """Without comment lines, indentation and empty lines; every line break stays one. The parts
    hold no template that goes over several lines, whose indentation would be text."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def script_of(parts):
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();"


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
        + embed.piece("page_script_read", script_of(read))
        + embed.piece("page_script_write", script_of(parts.values())),
        encoding="ascii")


if __name__ == "__main__":
    main()
