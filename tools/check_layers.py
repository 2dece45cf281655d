#!/usr/bin/python3
"""Fails when a folder below engine/ or controller/ includes a header of a folder that its CMakeLists.txt does not reach through DEPS.

A dependency in CMake that points upwards cannot exist (CMake would find a cycle), so the folders form layers, and this keeps the
includes to them. The engine never reaches the controller. check_layers.py [ROOT]
"""
import pathlib
import re
import sys

TREES = ("engine", "controller")
NAME = re.compile(r"borgop_library\(\s*(\w+)")
LINK = re.compile(r"borgop::(\w+)")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]((?:engine|controller)/\w+)/', re.M)


def direct_dependencies(root):
    """Folder ("engine/base") -> folders that it links, by borgop_library's DEPS or target_link_libraries."""
    texts = {}
    for tree in TREES:
        for cmake in sorted((root / tree).glob("*/CMakeLists.txt")):
            texts[f"{tree}/{cmake.parent.name}"] = re.sub(r"#.*", "", cmake.read_text())
    # A library may be named otherwise than its folder, where both trees have a folder of that name.
    folder_of = {name: folder for folder, text in texts.items() for name in NAME.findall(text)}
    return {folder: {folder_of.get(name, name) for name in LINK.findall(text)} - {folder} for folder, text in texts.items()}


def reach(direct, folder, seen=None):
    seen = set() if seen is None else seen
    for below in direct.get(folder, ()):
        if below not in seen:
            seen.add(below)
            reach(direct, below, seen)
    return seen


def main(root):
    direct = direct_dependencies(root)
    errors = []
    for folder in direct:
        reached = reach(direct, folder)
        if folder in reached:
            errors.append(f"{folder} depends on itself")
        if folder.startswith("engine/"):
            errors.extend(f"{folder} links {below}" for below in sorted(reached) if below.startswith("controller/"))
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for used in sorted(set(INCLUDE.findall(path.read_text())) - reached - {folder}):
                errors.append(f"{path.relative_to(root)}: includes {used}/, which {folder}/CMakeLists.txt does not link")
    for message in errors:
        print(message)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)))
