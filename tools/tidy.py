#!/usr/bin/python3
"""Runs clang-tidy over all sources of the clang preset, several at a time; remembers what passed.

A source is checked again when it, anything of ours that it includes, its compile command, .clang-tidy, a Debian package that
headers come from or clang-tidy itself has changed. Of what passed, an empty file is kept whose name is the digest of all that, in
${XDG_CACHE_HOME:-~/.cache}/borg-operator/tidy: no path of this clone is part of it, so another clone on this machine finds it too.

tidy.py [PART OF A PATH] checks only sources whose path holds that. JOBS=N: how many at a time. TESTS_UNTIL=SECONDS since 1970: sources of tests,
which come last, are left out from then on, and how many is said; UNTIL=SECONDS: all of them. CI=true: the static analyzer, which takes most of the time, looks at the first
8,000 states of a function, not at 225,000.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang"
OWN_SOURCES = ROOT / "tools/tidy/own_sources.cc"
PASSED = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "borg-operator/tidy"
KEPT = 5000  # what passed, at most: a dozen versions of the whole tree
SHORT = os.environ.get("CI") == "true"
SHORT_ANALYSIS = ["--extra-arg=" + word for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=8000")]
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def digest(*parts):
    return hashlib.sha256(b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)).hexdigest()


@functools.lru_cache(maxsize=None)
def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@functools.lru_cache(maxsize=None)
def included(path):
    """The files of ours that a file includes itself: beside it, from the root or generated. Conditions count as true."""
    found = []
    for name in INCLUDE.findall(read(path)):
        places = (folder / os.fsdecode(name) for folder in (path.parent, ROOT, BUILD / "generated"))
        found += [next((place for place in places if place.is_file()), None)]
    return [place for place in found if place]


def own_text(source):
    """All that a source is made of and that is ours: path and content."""
    seen, left = set(), [source]
    while left:
        path = left.pop()
        if path not in seen:
            seen.add(path)
            left += included(path)
    return digest(*(part for path in sorted(seen) for part in (os.path.relpath(path, ROOT), read(path))))


def settings(source):
    """What clang-tidy reads for a source: .clang-tidy of its folders, up to the root."""
    return digest(*(read(folder / ".clang-tidy") for folder in source.parents if folder == ROOT or ROOT in folder.parents))


def tools():
    """What decides about findings besides our files: clang-tidy and the packages that the system's headers are from."""
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    packages = subprocess.run(["dpkg-query", "-W", "*-dev"], capture_output=True, text=True, check=False).stdout
    return digest(version, packages, read(OWN_SOURCES), read(pathlib.Path(__file__)))


def own_sources_plugin():
    """Builds the check that spares the system's headers; its source says more. Without it, the same is found but it takes long."""
    headers = pathlib.Path(shutil.which("clang-tidy") or "").resolve().parent.parent / "include"
    plugin = BUILD / f"own_sources.{digest(read(OWN_SOURCES), str(headers))[:16]}.so"
    if not plugin.exists():
        flags = ["-std=c++17", "-fno-rtti", "-fPIC", "-shared", "-isystem", headers]
        built = subprocess.run(["clang++", *flags, OWN_SOURCES, "-o", f"{plugin}.new"], capture_output=True, text=True, check=False)
        if built.returncode != 0:
            print(f"clang-tidy looks at the system's headers too, which takes long: {built.stderr.strip()}", file=sys.stderr)
            return []
        os.replace(f"{plugin}.new", plugin)
    return ["--load", plugin, "--checks=borgop-own-sources"]


def known(key):
    """Whether it passed, as thoroughly as it would be looked at now: then the file that says so."""
    whole, short = PASSED / key, PASSED / f"{key}.short"
    return whole if whole.exists() else short if SHORT and short.exists() else None


def check(source, key, options):
    run = subprocess.run(["clang-tidy", "-p", BUILD, "--quiet", *options, source], capture_output=True, text=True, check=False)
    if run.returncode == 0:
        (PASSED / (f"{key}.short" if SHORT else key)).touch()
    return source, run.returncode == 0, run.stdout + re.sub(r"^\d+ warnings?.*\n?", "", run.stderr, flags=re.M)


def is_test(source):
    return os.path.relpath(source, ROOT).startswith("tests/")


def forget():
    """Keeps the newest of what passed. Another clone may do the same at the same time."""
    def age(entry):
        try:
            return entry.stat().st_mtime
        except OSError:
            return 0
    for entry in sorted(PASSED.iterdir(), key=age, reverse=True)[KEPT:]:
        entry.unlink(missing_ok=True)


def main(part):
    PASSED.mkdir(parents=True, exist_ok=True)
    by_tools = tools()
    wanted = {}
    for command in json.loads((BUILD / "compile_commands.json").read_text()):
        source = pathlib.Path(command["file"])
        if part in os.path.relpath(source, ROOT):
            # Without the object's name: a source of several programs, compiled alike, is one.
            how = re.sub(r" -o \S+", "", command["command"]).replace(str(ROOT), ".")
            wanted[digest(by_tools, settings(source), own_text(source), how)] = source
    for key in wanted:
        if passed := known(key):
            passed.touch()
    open_ones = [(source, key) for key, source in wanted.items() if not known(key)]
    open_ones.sort(key=lambda one: is_test(one[0]))
    sources = len(wanted)
    until = float(os.environ.get("UNTIL") or "inf")
    tests_until = min(until, float(os.environ.get("TESTS_UNTIL") or "inf"))
    left = []

    def check_in_time(one):
        if time.time() > (tests_until if is_test(one[0]) else until):
            left.append(one)
            return one[0], True, ""
        return check(*one, options)
    options = [*own_sources_plugin(), *(SHORT_ANALYSIS if SHORT else [])] if open_ones else []
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS") or os.cpu_count() or 1)) as pool:
        for source, ok, output in pool.map(check_in_time, open_ones):
            if not ok:
                failed += 1
                print(f"{os.path.relpath(source, ROOT)}:\n{output.strip()}", flush=True)
    forget()
    if left:
        tests = sum(is_test(source) for source, _ in left)
        print(f"clang-tidy: no time was left for {len(left)} sources, {tests} of them tests; tools/tidy.py checks them", file=sys.stderr)
    print(f"clang-tidy: {sources - failed - len(left)} of {sources} sources pass ({sources - len(open_ones)} were known to)", file=sys.stderr)
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
