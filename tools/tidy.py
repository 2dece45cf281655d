#!/usr/bin/python3
"""Runs clang-tidy over all sources of the clang preset, several at a time; remembers what passed.

A file is checked again when it, anything that it includes, its compile command, .clang-tidy or clang-tidy itself has changed. What is
remembered is in build/clang/tidy/, one file a source. tidy.py [PART OF A PATH] checks only sources whose path holds that.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang"
CACHE = BUILD / "tidy"


@functools.lru_cache(maxsize=None)
def content(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return "gone"


def includes(command):
    """What the source includes, in the compiler's own words, without the system's headers (`version` stands for those)."""
    arguments = shlex.split(command["command"])
    at = arguments.index("clang++") if "clang++" in arguments else next(i for i, a in enumerate(arguments) if a.endswith("clang++"))
    kept, skip = [], False
    for argument in arguments[at:]:
        if skip:
            skip = False
        elif argument in ("-o", "-MF", "-MT"):
            skip = True
        elif argument not in ("-MD", "-c"):
            kept.append(argument)
    run = subprocess.run([*kept, "-MM"], cwd=command["directory"], capture_output=True, text=True, check=False)
    return re.sub(r"\\\n", " ", run.stdout.partition(":")[2]).split() if run.returncode == 0 else []


def settings(source):
    """What clang-tidy reads for a source: .clang-tidy of its folders, up to the root."""
    folders = [folder for folder in pathlib.Path(source).parents if folder == ROOT or ROOT in folder.parents]
    return "\0".join(content(folder / ".clang-tidy") for folder in folders if (folder / ".clang-tidy").exists())


def passed_before(entry, key):
    try:
        before = json.loads(entry.read_text())
    except (OSError, ValueError):
        return False
    return before["key"] == key and all(content(path) == digest for path, digest in before["files"].items())


def check(command, version):
    source = command["file"]
    entry = CACHE / (hashlib.sha256(source.encode()).hexdigest()[:24] + ".json")
    key = hashlib.sha256("\0".join((version, settings(source), command["command"])).encode()).hexdigest()
    if passed_before(entry, key):
        return source, True, ""
    run = subprocess.run(["clang-tidy", "-p", BUILD, "--quiet", source], capture_output=True, text=True, check=False)
    if run.returncode == 0:
        files = [os.path.join(command["directory"], path) for path in includes(command)] or [source]
        entry.write_text(json.dumps({"key": key, "files": {path: content(path) for path in files}}))
    return source, run.returncode == 0, run.stdout + re.sub(r"^\d+ warnings?.*\n?", "", run.stderr, flags=re.M)


def main(part):
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    system = subprocess.run(["dpkg-query", "-W", "libstdc++*-dev", "libgtest-dev", "libssl-dev"], capture_output=True, text=True, check=False)
    version += system.stdout
    commands = [c for c in json.loads((BUILD / "compile_commands.json").read_text()) if part in c["file"]]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        for source, ok, output in pool.map(lambda command: check(command, version), commands):
            if not ok:
                failed += 1
                print(f"{os.path.relpath(source, ROOT)}:\n{output.strip()}", flush=True)
    print(f"clang-tidy: {len(commands) - failed} of {len(commands)} sources pass", file=sys.stderr)
    return 1 if failed or not commands else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
