#!/usr/bin/python3
"""Counts test cases: count_tests.py [--failed] PRESET=FOLDER...

FOLDER holds the XML of each GoogleTest program and ctest.junit. A ctest entry without XML counts as one case: a script, or a program
that crashed or ran out of time. Prints skipped cases with their reasons, failed ones with what they said first (the whole may be
thousands of lines up), and last "N passed, N failed, N skipped".
Exit code 1 if a case failed, --failed is given (a build or a check failed) or nothing ran.
"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as xml

MOST_LINES = 12


def said(case):
    """What a failed case said first."""
    lines = [line for kind in ("failure", "error") for found in case.findall(kind) for line in (found.text or "").strip().splitlines()]
    return [line[:300] for line in lines[:MOST_LINES]]


def cases_of_program(path):
    """Yields (name, "passed" | "failed" | "skipped", reason): of a failed one, the lines that it said."""
    for suite in xml.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            name = f'{suite.get("name")}.{case.get("name")}'
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                yield name, "failed", "\n".join(said(case))
            elif skipped is not None:
                lines = (skipped.get("message") or skipped.text or "").strip().splitlines()
                # GoogleTest puts the source line first.
                reason = [line for line in lines if ".cc:" not in line and line != "Google Test trace:"]
                yield name, "skipped", reason[0] if reason else "no reason given"
            elif case.get("status", "run") == "run" and case.get("result", "completed") == "completed":
                yield name, "passed", ""


def cases_of_folder(folder):
    programs = set()
    for path in sorted(folder.glob("*.xml")):
        try:
            yield from cases_of_program(path)
        except xml.ParseError:
            yield path.stem, "failed", ""
        programs.add(path.stem)
    junit = folder / "ctest.junit"
    if not junit.exists():
        return
    for case in xml.parse(junit).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if name in programs:
            continue
        if status == "run":
            if not any(program.startswith(name + "_") for program in programs):
                yield name, "passed", ""
        elif status in ("notrun", "disabled") and case.find("skipped") is not None:
            yield name, "skipped", (case.find("skipped").get("message") or "no reason given")
        else:
            yield name, "failed", ""


def main(arguments):
    broken = "--failed" in arguments
    count = collections.Counter()
    skipped, failed = collections.defaultdict(list), []
    for argument in arguments:
        if "=" not in argument:
            continue
        preset, folder = argument.split("=", 1)
        if folder == "failed":
            failed.append(f"{preset}")
            count["failed"] += 1
            continue
        for name, result, reason in cases_of_folder(pathlib.Path(folder)):
            count[result] += 1
            if result == "skipped":
                skipped[reason].append(f"{name} ({preset})")
            elif result == "failed":
                failed.append("\n    ".join([f"{name} ({preset})", *reason.splitlines()]))
    for reason, names in sorted(skipped.items()):
        print(f"skipped, {reason}: {', '.join(names)}")
    for name in failed:
        print(f"failed: {name}")
    if broken and not failed:
        print("failed: a build or a suite, see above")
        count["failed"] += 1
    print(f'{count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped')
    return 1 if broken or count["failed"] or not count["passed"] + count["skipped"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
