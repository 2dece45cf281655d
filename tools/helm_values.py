#!/usr/bin/python3
"""Writes the table of the chart's values to stdout, from the comments in helm/values.yaml.

A comment that begins with "# --" describes the value below it, and what is in it where that is a map. The file is read line by line, so it
keeps to plain YAML: two spaces a level, lists and maps that are a default stand in one line or below a key that has a comment.
"""

import pathlib
import re
import sys

VALUES = pathlib.Path(__file__).resolve().parent.parent / "helm/values.yaml"


def rows(lines):
    """(path, default, description) of each value that has a comment, or is in a map that has one."""
    described, path, comment = {}, [], []
    skip = None  # the indentation of a value whose default goes on below it
    for number, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if not text:
            comment = []
            continue
        if skip is not None and indent > skip:
            continue
        skip = None
        if text.startswith("#"):
            comment = [text[4:].strip()] if text.startswith("# --") else comment + [text[1:].strip()] if comment else []
            continue
        key, _, default = re.match(r"([A-Za-z0-9_]+):( *)(.*)", text).groups()
        path = path[: indent // 2] + [key]
        name, description = ".".join(path), " ".join(comment)
        comment = []
        described[name] = bool(description) or any(described.get(".".join(path[:i])) for i in range(1, len(path)))
        if not default:
            below = next((other for other in lines[number + 1:] if other.strip()), "")
            deeper = len(below) - len(below.lstrip()) > indent
            if deeper and not below.strip().startswith("- "):
                if described[name]:
                    yield name, "", description
                continue
            if below.strip().startswith("- "):
                skip, default = indent, "see values.yaml"
        if not described[name]:
            sys.exit(f"helm_values.py: {name} has no description")
        yield name, default, description


def main():
    print("# Values of the chart\n\nMade from helm/values.yaml by `./dev docs`; a test keeps it true. A value of the wrong kind, or one that there is not, is "
          "refused\n(helm/values.schema.json).\n\n| value | default | meaning |\n| --- | --- | --- |")
    for name, default, description in rows(VALUES.read_text().splitlines()):
        shown = "" if not default else default if default.startswith("see ") else f"`{default}`"
        print(f"| `{name}` | {shown} | {description} |".replace("|  |", "| |"))


if __name__ == "__main__":
    main()
