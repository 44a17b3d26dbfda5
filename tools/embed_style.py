#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C header from style sheets: NAME.css, behind what all have in common, becomes the piece
(embed.py) page_style_NAME, without comments and needless white space, so that the policy and the
style that it permits cannot drift apart.

usage: embed_style.py HEADER.h COMMON.css NAME.css...
"""
import re
import sys
from pathlib import Path

import embed


def shrink(css):
    """What stands in quotes stays as it is; around it white space only parts words."""
    parts = re.split(r'("[^"]*")', re.sub(r"/\*.*?\*/", "", css, flags=re.S))
    for at in range(0, len(parts), 2):
        part = re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", parts[at]))
        parts[at] = part.replace(": ", ":").replace(";}", "}")
    return "".join(parts).strip()


def main():
    header, common, *files = sys.argv[1:]
    common = Path(common).read_text(encoding="ascii")
    text = "// SPDX-License-Identifier: MIT\n// Made from style sheets; changes belong there.\n"
    for file in map(Path, files):
        css = shrink(common + file.read_text(encoding="ascii"))
        if "<" in css:
            sys.exit(f"{file}: '<' could end the style element; write %3C inside a data: URI")
        text += embed.piece(f"page_style_{file.stem}", css)
    Path(header).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
