"""Draws the terminal output of `make demo` as docs/demo.svg.

    make demo 2>&1 | tee demo.txt && python deploy/demo/record.py demo.txt docs/demo.svg

Needs the package rich. Lines that only show progress are left out; long lines are wrapped.
"""

import pathlib
import re
import sys

from rich.console import Console
from rich.text import Text

WIDTH = 124
FIRST = "[1/4] Starting"
PROGRESS = re.compile(r"^\d+/\d+(,|  )")


def main():
    lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(FIRST))
    console = Console(record=True, width=WIDTH, file=open("/dev/null", "w"))
    console.print(Text("$ make demo", style="bold"))
    for line in lines[begin:]:
        if not PROGRESS.match(line):
            console.print(Text(line, style="bold" if line.startswith("[") else ""))
    console.save_svg(sys.argv[2], title="assay")


main()
