"""Runs a Python program in which one host name leads to a server on this machine.

`redirected.py HOST PORT program.py arguments…`: only name resolution is replaced, so the program and the
libraries it uses are what their authors published.
"""

from __future__ import annotations

import runpy
import socket
import sys
from typing import Any

_look_up = socket.getaddrinfo


def _main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])

    def look_up(name: Any, asked: Any, *rest: Any, **options: Any) -> Any:
        if name in (host, host.encode()):
            return _look_up("127.0.0.1", port, *rest, **options)
        return _look_up(name, asked, *rest, **options)

    socket.getaddrinfo = look_up
    del sys.argv[:3]
    runpy.run_path(sys.argv[0], run_name="__main__")


_main()
