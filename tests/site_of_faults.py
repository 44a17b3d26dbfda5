# SPDX-License-Identifier: MIT
"""What the tests of faults share: the library that lets calls fail, and how it is told which."""
import mmap
import os
import struct
from contextlib import contextmanager

from harness import CANDOR

LIBRARY = CANDOR.parent / "tests/faults/libfaults.so"
MOST_CALLS = 1000  # of one request; more are an endless loop


class Faults:
    """What faults.c looks at."""

    LAYOUT = struct.Struct("qqq64s")

    def __init__(self, path):
        path.write_bytes(bytes(self.LAYOUT.size))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def arm(self, number):
        self.map[8:] = self.LAYOUT.pack(0, 0, 0, b"")[8:]
        self.map[:8] = struct.pack("q", number)

    def disarm(self):
        """The name of the call that failed, or None."""
        self.map[:8] = bytes(8)
        _, _, failed, name = self.LAYOUT.unpack(self.map[:])
        return name.rstrip(b"\0").decode() if failed else None


@contextmanager
def preloaded(control):
    """Programs that are started meanwhile have the library, and look at that file."""
    names = {"LD_PRELOAD": str(LIBRARY), "CANDOR_FAULTS": str(control)}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
