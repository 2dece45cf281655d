#!/usr/bin/python3
"""Links between the pages of this repository: each leads to a file that is there, and what follows a # to one of its headings. A page below
docs/ that a source or a script names is there too. Links to elsewhere are left alone."""
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
PAGE = re.compile(r"(?<![\w./-])docs/[\w-]+\.(?:md|svg)\b(?:#[\w-]+)?")


FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2[ \t]*$", re.M | re.S)
INLINE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


def prose(text):
    """The text with code blanked out, as a link there is none; offsets and lines stay."""
    for code in (FENCED, INLINE):
        text = code.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def anchors(text):
    """What GitHub makes of the headings: small letters, blanks as -, other signs gone, and a number behind one that was there before."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", FENCED.sub("", text), re.M):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        name, number = slug, 0
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


def problem(page, link):
    """What is wrong with `link` in `page`, or nothing."""
    path, _, anchor = urllib.parse.unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return "there is no such file"
    if anchor and target.suffix == ".md" and anchor not in anchors(target.read_text()):
        return f"{target.relative_to(ROOT)} has no such heading"
    return None


def main():
    listed = subprocess.run([ROOT / "tools/sources.sh", "text"], check=True, capture_output=True).stdout
    errors, seen = [], 0
    for name in sorted(name.decode() for name in listed.split(b"\0") if name):
        file = ROOT / name
        text = file.read_text()
        if file.suffix == ".md":
            links = [(file, match, match[1] or match[2]) for match in LINK.finditer(prose(text))]
        else:
            links = [(ROOT / "README.md", match, match[0]) for match in PAGE.finditer(text)]
        for page, match, link in links:
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            seen += 1
            if why := problem(page, link):
                errors.append(f"{name.removeprefix('./')}:{text.count(chr(10), 0, match.start()) + 1}: {link}: {why}")
    for error in errors:
        print(error)
    # A pattern that finds nothing would find nothing wrong.
    if seen < 50:
        errors.append(f"only {seen} links were found")
        print(errors[-1])
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
