#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program for which openat2 is refused, as an older kernel or a container does.

usage: without_openat2.py ENOSYS|EPERM PROGRAM [ARGUMENT...]
"""
import ctypes
import errno
import os
import struct
import sys

OPENAT2 = 437  # on every architecture
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD | BPF_W | BPF_ABS and so on
RET_ERRNO, RET_ALLOW = 0x00050000, 0x7FFF0000


def refuse(number, error):
    program = b"".join(struct.pack("=HBBI", *i) for i in (
        (LOAD_WORD, 0, 0, 0),  # the number of the call
        (JUMP_EQUAL, 0, 1, number),
        (RETURN, 0, 0, RET_ERRNO | error),
        (RETURN, 0, 0, RET_ALLOW)))
    code = ctypes.create_string_buffer(program, len(program))
    filters = ctypes.create_string_buffer(struct.pack("@HP", 4, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filters), 0, 0)):
        if libc.prctl(*map(ctypes.c_ulong, arguments)) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    refuse(OPENAT2, getattr(errno, sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
