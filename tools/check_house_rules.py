#!/usr/bin/python3
"""Rules of CONTRIBUTING.md that a machine can check: length and names of files, unfinished work, paths of one machine."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 400
SOURCE = {".cc", ".h"}
VAGUE = {"util", "utils", "common", "misc", "helpers", "helper"}
# Written so that this file does not match itself.
FORBIDDEN = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\.?X)"), "unfinished work: finish it, or open an issue"),
    (re.compile(r"(?<![\w.$}/-])/(wo" r"rk|ro" r"ot/\.[a-z]+env)/"), "a path of one machine"),
]


def sources(kind):
    listed = subprocess.run([ROOT / "tools/sources.sh", kind], check=True, capture_output=True).stdout
    return [pathlib.Path(name.decode()) for name in listed.split(b"\0") if name]


def main():
    errors = []
    for path in sources("text"):
        lines = (ROOT / path).read_text().splitlines()
        if path.suffix in SOURCE:
            if len(lines) > MAX_LINES:
                errors.append(f"{path}: {len(lines)} lines; split it ({MAX_LINES} at most)")
            if VAGUE & set(re.split(r"[._/-]", str(path).lower())):
                errors.append(f"{path}: name it for what it holds")
            if path.suffix == ".h" and "#pragma once" not in lines:
                errors.append(f"{path}: no #pragma once")
        for number, line in enumerate(lines, 1):
            errors.extend(f"{path}:{number}: {why}" for pattern, why in FORBIDDEN if pattern.search(line))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
