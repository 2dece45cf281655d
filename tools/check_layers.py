#!/usr/bin/python3
"""Fails when a folder below engine/ includes a header of a folder that its CMakeLists.txt does not reach through DEPS.

A dependency in CMake that points upwards cannot exist (CMake would find a cycle), so the folders form layers, and this keeps the
includes to them. check_layers.py [ROOT]
"""
import pathlib
import re
import sys

LINK = re.compile(r"borgop::(\w+)")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]engine/(\w+)/', re.M)


def direct_dependencies(engine):
    """Folder -> folders that it links, by borgop_library's DEPS or target_link_libraries."""
    direct = {}
    for cmake in sorted(engine.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", cmake.read_text())
        direct[cmake.parent.name] = set(LINK.findall(text)) - {cmake.parent.name}
    return direct


def reach(direct, folder, seen=None):
    seen = set() if seen is None else seen
    for below in direct.get(folder, ()):
        if below not in seen:
            seen.add(below)
            reach(direct, below, seen)
    return seen


def main(root):
    engine = root / "engine"
    direct = direct_dependencies(engine)
    errors = []
    for folder in direct:
        if folder in reach(direct, folder):
            errors.append(f"engine/{folder} depends on itself")
        allowed = reach(direct, folder) | {folder}
        for path in sorted((engine / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for used in sorted(set(INCLUDE.findall(path.read_text())) - allowed):
                errors.append(f"{path.relative_to(root)}: includes engine/{used}/, which engine/{folder}/CMakeLists.txt does not link")
    for message in errors:
        print(message)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)))
