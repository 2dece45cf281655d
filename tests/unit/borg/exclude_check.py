"""Whether an exclude and its other form exclude the same paths, by borg's own matcher: what it reads and prints is hex, a line a case.

In: PATTERN OTHER PATH; out: two letters, y or n, whether PATTERN and OTHER match PATH, or the error's name."""
import os
import sys

try:
    from borg.patterns import PatternMatcher, parse_exclude_pattern
except ImportError:
    print("no borg")
    sys.exit(0)


def excludes(pattern, path):
    matcher = PatternMatcher(fallback=True)
    matcher.add_inclexcl([parse_exclude_pattern(pattern)])
    return "n" if matcher.match(path) else "y"


for line in sys.stdin:
    pattern, other, path = (os.fsdecode(bytes.fromhex(word)) for word in line.rstrip("\n").split(" "))
    try:
        other.encode("utf-8")
        print(excludes(pattern, path) + excludes(other, path))
    except Exception as e:
        print(type(e).__name__)
