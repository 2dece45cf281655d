#!/usr/bin/python3
"""Rules of CONTRIBUTING.md that a machine can check: length and names of files, unfinished work, paths of one machine, co_await where
GCC 12 compiles it wrongly."""
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


# GCC 12 miscompiles some of these (traps or destroys temporaries twice): await into a variable first, then ask.
AWAIT_ADVICE = "co_await inside a condition's operator, ?: or a loop's condition: await into a variable first (GCC 12 miscompiles it)"


def blank(text):
    """The same text with comments and literals blanked out, so that offsets and lines stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'(?![0-9])', re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def enclosing(code, at):
    """Where the innermost parenthesis around `at` opens, or -1 when a statement's border comes first."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if code[i] in ")]}":
            depth += 1
        elif code[i] in "([{":
            if depth == 0:
                return i if code[i] == "(" else -1
            depth -= 1
        elif code[i] == ";" and depth == 0:
            return -1
    return -1


def closing(code, opening):
    depth = 0
    for i in range(opening, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i
    return len(code)


def statement_around(code, at):
    """The text from the last to the next `;`, `{` or `}` outside parentheses."""
    depth, begin = 0, 0
    for i in range(at - 1, -1, -1):
        depth += (code[i] in ")]") - (code[i] in "([")
        if code[i] in ";{}" and depth <= 0:
            begin = i + 1
            break
    end, depth = len(code), 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth < 0 or (code[i] == ";" and depth == 0):
            end = i
            break
    return code[begin:end]


def top_level(text):
    """`text` without what stands in parentheses, brackets and braces."""
    kept, depth = [], 0
    for letter in text:
        if letter in ")]}":
            depth -= 1
        if depth <= 0 and letter not in "()[]{}":
            kept.append(letter)
        if letter in "([{":
            depth += 1
    return "".join(kept)


def bad_awaits(text):
    """The lines of co_await in places that are not safe."""
    code = blank(text)
    for match in re.finditer(r"\bco_await\b", code):
        at = match.start()
        bad = re.search(r"&&|\|\||\?", top_level(statement_around(code, at))) is not None
        opening = enclosing(code, at)
        while opening >= 0 and not bad:
            inside = code[opening + 1 : closing(code, opening)]
            word = re.search(r"(\w+)\s*$", code[:opening])
            keyword = word[1] if word else ""
            if keyword == "if":
                inside = inside.rpartition(";")[2] if "co_await" in inside.rpartition(";")[2] else ""
            operators = r"&&|\|\||\?" + (r"|[=!<>]=|<|(?<!-)>" if keyword == "if" else "")
            flat = re.sub(r"<[\w:, *]+>", "", top_level(inside))
            bad = keyword == "while" or (keyword != "for" and re.search(operators, flat) is not None)
            opening = enclosing(code, opening)
        if bad:
            yield code.count("\n", 0, at) + 1


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
            errors.extend(f"{path}:{number}: {AWAIT_ADVICE}" for number in bad_awaits((ROOT / path).read_text()))
        for number, line in enumerate(lines, 1):
            errors.extend(f"{path}:{number}: {why}" for pattern, why in FORBIDDEN if pattern.search(line))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
