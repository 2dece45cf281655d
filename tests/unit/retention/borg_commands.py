"""Runs borg's own command lines in one process, which spares borg's start for each: a JSON object a line in, one out.

First out: {"version": V}, V empty where there is no borg.
In {"zone": TZ, "argv": [...]}: out {"code": N, "out": TEXT}, TEXT being what borg printed to either output.
In {"glob": HEX, "names": [HEX, ...]}: out {"matches": [true, ...]}, or null where borg refuses the glob."""
import contextlib
import io
import json
import os
import re
import sys
import time

try:
    import borg
    from borg import shellpattern
    from borg.archiver import Archiver
except ImportError:
    print(json.dumps({"version": ""}))
    sys.exit(0)


def run(zone, argv):
    os.environ["TZ"] = zone
    time.tzset()
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            archiver = Archiver()
            code = archiver.run(archiver.get_args(["borg", *argv], None))
        except SystemExit as e:
            code = e.code
        except Exception as e:
            print(f"{type(e).__name__}: {e}")
            code = 2
    return {"code": int(code), "out": text.getvalue()}


def match(glob, names):
    try:
        regex = re.compile(shellpattern.translate(os.fsdecode(bytes.fromhex(glob))))
    except re.error:
        return {"matches": None}
    return {"matches": [regex.match(os.fsdecode(bytes.fromhex(name))) is not None for name in names]}


print(json.dumps({"version": borg.__version__}))
for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps(match(**job) if "glob" in job else run(**job)))
