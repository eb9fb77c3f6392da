"""Checks that includes follow the list "Who includes whom" of docs/ARCHITECTURE.md.

    python deploy/lint/include_directions.py [--graph]

Each item of the list names a folder and the folders that its files may include; `evaluator/*` stands for all
folders of evaluator/. Errors are an include that the list does not allow, a folder without an item, a cycle
among the folders, and an entry that no include needs. libtorch's headers may be included by engine/runtime and
engine/runtime/executor alone; gRPC's, protobuf's and generated headers by the folders whose item has "gRPC".
--graph prints the folders with what they include.
"""

import collections
import pathlib
import re
import subprocess
import sys

ROOTS = ("base", "engine", "registry", "evaluator", "server", "client")
DOCUMENT = pathlib.Path("docs/ARCHITECTURE.md")
HEADING = "### Who includes whom"
GRPC = "gRPC"
TORCH_FOLDERS = {"engine/runtime", "engine/runtime/executor"}
INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.MULTILINE)
IS_TORCH = re.compile(r"^(torch|ATen|c10)/")
IS_GRPC = re.compile(r"^(grpcpp/|google/protobuf|google/rpc/|assay/v1/|grpc/)")


def sources():
    """The tracked and the new C++ files of the libraries."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *ROOTS], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [pathlib.Path(name) for name in names
            if name.endswith((".h", ".cc")) and pathlib.Path(name).exists()]


def edges_and_faults():
    """{(folder, included folder): [file, ...]}, {(folder, "gRPC"): [...]}, and the faults of torch's headers."""
    edges, faults = collections.defaultdict(list), []
    for path in sources():
        folder = path.parent.as_posix()
        for included in INCLUDE.findall(path.read_text()):
            target = pathlib.PurePath(included).parent.as_posix()
            if IS_TORCH.match(included) and folder not in TORCH_FOLDERS:
                faults.append(f"{path}: includes libtorch's {included}; only {sorted(TORCH_FOLDERS)} may")
            elif IS_GRPC.match(included):
                edges[folder, GRPC].append(path)
            elif included.startswith(ROOTS) and target != folder:
                edges[folder, target].append(path)
    return edges, faults


def allowed():
    """{folder: {folders it may include}} of the document's list."""
    section = DOCUMENT.read_text().split(HEADING)[1].split("\n#")[0]
    table = {}
    for item in re.findall(r"^- (.*(?:\n  .*)*)", section, re.MULTILINE):
        folder, _, targets = item.partition(":")
        names = [name.strip(" `") for name in targets.replace("\n", " ").split(",")]
        table[folder.strip("`")] = set(names) - {"nothing"}
    return table


def matches(entry, folder):
    """True if an entry of the list allows the folder."""
    return entry == folder or (entry.endswith("/*") and (folder + "/").startswith(entry[:-1]))


def cycle(table):
    """A cycle of {folder: included folders} as a list of folders; empty if there is none."""
    done, path = set(), []

    def visit(folder):
        if folder in path:
            return path[path.index(folder):] + [folder]
        if folder in done:
            return []
        path.append(folder)
        for target in sorted(table.get(folder, ())):
            if found := visit(target):
                return found
        path.pop()
        done.add(folder)
        return []

    for folder in sorted(table):
        if found := visit(folder):
            return found
    return []


def main():
    edges, faults = edges_and_faults()
    if "--graph" in sys.argv:
        folders = collections.defaultdict(set)
        for folder, target in edges:
            folders[folder].add(target)
        for folder in sorted({path.parent.as_posix() for path in sources()}):
            cells = ", ".join(t if t == GRPC else f"`{t}`" for t in sorted(folders[folder]))
            print(f"- `{folder}`: {cells or 'nothing'}")
        return 0
    table = allowed()
    for path in sources():
        if path.parent.as_posix() not in table:
            faults.append(f"{path}: its folder has no item under '{HEADING}' in {DOCUMENT}")
    for (folder, target), paths in sorted(edges.items()):
        if not any(matches(entry, target) for entry in table.get(folder, ())):
            faults.append(f"{paths[0]}: {folder} includes {target}, which {DOCUMENT} does not allow")
    for folder, entries in sorted(table.items()):
        for entry in sorted(entries):
            if not any(source == folder and matches(entry, target) for source, target in edges):
                faults.append(f"{DOCUMENT}: allows {folder} to include {entry}, which nothing needs")
    includes = collections.defaultdict(set)
    for folder, target in edges:
        includes[folder].add(target)
    if found := cycle(includes):
        faults.append(f"cycle of includes: {' -> '.join(found)}")
    for fault in sorted(set(faults)):
        print(fault)
    print(f"include directions: {len(edges)} between {len(table)} folders, {len(set(faults))} faults")
    return 1 if faults else 0


sys.exit(main())
