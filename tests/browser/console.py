"""A Python beside the running server, in the same data folder: runs what it is sent, line by line.

Each line in is a JSON string of Python source; each line out is the JSON of what it left in `answer`, or
`{"error": traceback}`. Started once a session: a new process for every question would take two seconds.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offcut.server.settings")

import django

django.setup()

from django.db import close_old_connections  # noqa: E402

for line in sys.stdin:
    names: dict[str, object] = {"answer": None}
    try:
        close_old_connections()
        exec(compile(json.loads(line), "<test>", "exec"), names)
        said = json.dumps(names["answer"], default=str)
    except Exception:
        said = json.dumps({"error": traceback.format_exc()})
    sys.__stdout__.write(said + "\n")
    sys.__stdout__.flush()
