"""Writes the slowest source files and tests of the last build and ctest run as Markdown tables.

    python bench/build_times.py build/release > docs/benchmarks/build_times.md

Reads .ninja_log (the wall time of each object while others compiled beside it) and ctest's cost data. For times that
compare, build from nothing with an empty ccache first.
"""

import pathlib
import re
import sys

ROWS = 15
SECONDS_PER_MILLISECOND = 1e-3


def objects(build):
    """(seconds, file) of each object of .ninja_log; the last entry of a file counts."""
    found = {}
    for line in (build / ".ninja_log").read_text().splitlines():
        if line.startswith("#"):
            continue
        begin, end, _, output, _ = line.split("\t")
        if output.endswith((".o", ".gch")):
            name = re.sub(r"CMakeFiles/\w[\w-]*\.dir/|\.o$", "", output)
            found[name] = (int(end) - int(begin)) * SECONDS_PER_MILLISECOND
    return sorted(((seconds, name) for name, seconds in found.items()), reverse=True)


def tests(build):
    """(seconds, test) of ctest's cost data, for the tests of the last run: the data keep old names."""
    log = (build / "Testing/Temporary/LastTest.log").read_text(errors="replace")
    ran = set(re.findall(r"^\d+/\d+ Test: (.*)$", log, re.MULTILINE))
    found = []
    for line in (build / "Testing/Temporary/CTestCostData.txt").read_text().splitlines():
        if line == "---":
            break
        name, _, seconds = line.rsplit(" ", 2)
        if name in ran:
            found.append((float(seconds), name))
    return sorted(found, reverse=True)


def table(heading, rows):
    total = sum(seconds for seconds, _ in rows)
    print(f"| {heading} | Seconds |\n|---|---:|")
    for seconds, name in rows[:ROWS]:
        print(f"| `{name}` | {seconds:.1f} |")
    print(f"| all {len(rows)} | {total:.0f} |\n")


def main():
    build = pathlib.Path(sys.argv[1])
    print("# The slowest files and tests\n")
    print("`bench/build_times.py` made this page from a build and a run of ctest on two cores. A file's time")
    print("is wall time beside other compilations, so the sum exceeds the time of the build.\n")
    table("Source file", objects(build))
    table("Test", tests(build))


main()
