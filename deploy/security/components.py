"""Finds what the programs of a build consist of: libraries, headers and Python packages.

Three sources are read, and no list that someone would have to keep:

- the libraries that each program loads (ldd, and the NEEDED entries of each ELF file),
- the headers that were compiled into each program (the dependency log of ninja),
- the Python packages of deploy/requirements/runtime.txt with all that they require.

Every file is then assigned to the package that installed it: of dpkg, or of .venv. It works on
Debian and Ubuntu only.
"""
import collections
import dataclasses
import functools
import importlib.metadata
import pathlib
import re
import shutil
import subprocess

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "deploy/requirements/runtime.txt"
# The targets that `cmake --install` installs. The last one is not built without Arrow.
REQUIRED_PROGRAMS = ("assayd", "assay")
PROGRAMS = (*REQUIRED_PROGRAMS, "assay-table-reader")
NEEDED = re.compile(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]")
LOADED = re.compile(r"^\s*(\S+) => (/\S+) \(", re.M)
DEBIAN, PYPI = "debian", "pypi"
# How a component takes part.
LINKED, LOADED_BY, HEADERS, PYTHON = "linked", "loaded by a library", "headers", "Python"


class Missing(Exception):
    """Something that is needed is not there. The message says what to do."""


@dataclasses.dataclass
class Component:
    """A package of dpkg or of .venv, identified by (ecosystem, name)."""

    ecosystem: str
    name: str
    version: str
    # dpkg: the source package and its version, which security updates name.
    source: str
    source_version: str
    uses: set = dataclasses.field(default_factory=set)
    # The keys of the components that this one loads or requires.
    requires: set = dataclasses.field(default_factory=set)

    @property
    def key(self):
        return self.ecosystem, self.name


def output(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise Missing(f"{command[0]} is not installed") from error


class Owners:
    """Assigns files to components. Remembers what it has found."""

    def __init__(self):
        self.components = {}
        self.unowned = set()

    def add(self, files):
        """Returns {file: component or None}, None for files of the repository."""
        found, asked = {}, {}
        for file in files:
            parts = pathlib.Path(file).parts
            if "site-packages" in parts:
                top = parts[parts.index("site-packages") + 1]
                found[file] = self.python(distribution_of(top))
            elif str(file).startswith("/usr/") or str(file).startswith("/lib"):
                asked[file] = None
            else:
                found[file] = None
        found.update(self.debian(asked))
        return found

    def debian(self, files):
        # /lib is a link to /usr/lib, and dpkg knows some files by the one name, some by the other.
        names = {}
        for file in files:
            for name in {str(file), str(pathlib.Path(file).resolve()), f"/usr{file}"}:
                names.setdefault(name, file)
        done = subprocess.run(["dpkg-query", "--search", *names], capture_output=True, text=True,
                              check=False) if names else None
        owners = {}
        for line in done.stdout.splitlines() if done else []:
            packages, _, path = line.partition(": ")
            if path in names and not line.startswith("diversion"):
                owners[names[path]] = packages.split(", ")[0]
        self.unowned |= {str(file) for file in files if file not in owners}
        self.describe(set(owners.values()))
        return {file: self.components[DEBIAN, package.split(":")[0]]
                for file, package in owners.items()}

    def describe(self, packages):
        unknown = sorted(package for package in packages
                         if (DEBIAN, package.split(":")[0]) not in self.components)
        if not unknown:
            return
        fields = "${Package}\\t${Version}\\t${source:Package}\\t${source:Version}\\n"
        for line in output("dpkg-query", "--show", f"--showformat={fields}", *unknown).splitlines():
            component = Component(DEBIAN, *line.split("\t"))
            self.components[component.key] = component

    def python(self, name):
        name = canonicalize_name(name)
        if (PYPI, name) not in self.components:
            try:
                version = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError as error:
                raise Missing(f"{name} is not installed; run make setup") from error
            self.components[PYPI, name] = Component(PYPI, name, version, name, version)
        return self.components[PYPI, name]


@functools.cache
def distributions():
    return importlib.metadata.packages_distributions()


def distribution_of(folder):
    """Returns the distribution that installed this folder of site-packages."""
    return distributions().get(folder, [folder])[0]


def built_programs(build):
    """Returns {name: path} of the programs that the build has."""
    found = {name: build / "bin" / name for name in PROGRAMS}
    for name in REQUIRED_PROGRAMS:
        if not found[name].exists():
            raise Missing(f"{found[name]} does not exist; run make build")
    return {name: path for name, path in found.items() if path.exists()}


def add_libraries(owners, build):
    """Adds the libraries that the programs load. Returns the keys of those they name themselves."""
    paths, direct = {}, set()
    programs = built_programs(build).values()
    for program in programs:
        paths.update(LOADED.findall(output("ldd", program)))
    owned = owners.add(paths.values())
    needed = {name: set(NEEDED.findall(output("readelf", "--dynamic", "--wide", path)))
              for name, path in paths.items()}
    for program in programs:
        for name in NEEDED.findall(output("readelf", "--dynamic", "--wide", program)):
            component = owned.get(paths.get(name))
            if component:
                component.uses.add(LINKED)
                direct.add(component.key)
    for name, path in paths.items():
        component = owned.get(path)
        if component is None:
            continue
        if LINKED not in component.uses:
            component.uses.add(LOADED_BY)
        for other in needed[name]:
            target = owned.get(paths.get(other))
            if target is not None and target is not component:
                component.requires.add(target.key)
    return direct


def compiled_headers(build):
    """Returns the files outside of the repository that were compiled into the programs."""
    ninja = shutil.which("ninja") or shutil.which("ninja-build")
    if not ninja or not (build / ".ninja_deps").exists():
        raise Missing(f"{build} has no dependency log of ninja; run make build")
    inputs = output(ninja, "-C", build, "-t", "inputs", *built_programs(build)).split("\n")
    objects = {line for line in inputs if line.endswith((".o", ".gch", ".pch"))}
    archives = {pathlib.Path(line) for line in inputs
                if line.endswith(".a") and line.startswith("/")}
    headers, current = collections.defaultdict(bool), False
    for line in output(ninja, "-C", build, "-t", "deps").splitlines():
        if line.startswith(" "):
            headers[line.strip()] |= current
        elif line:
            current = line.split(": #deps")[0] in objects
    inside = ROOT.resolve()
    files = {(build / header).absolute() for header, used in headers.items() if used} | archives
    normal = {pathlib.Path(re.sub(r"/[^/]+/\.\./", "/", str(file))) for file in files}
    return {file for file in normal
            if "site-packages" in file.parts or inside not in file.resolve().parents}


def add_headers(owners, build):
    """Adds packages of headers. Returns the keys of those that are not also linked."""
    used = {component.key for component in owners.add(compiled_headers(build)).values()
            if component}
    linked = {component.source for component in owners.components.values()
              if component.uses & {LINKED, LOADED_BY}}
    for key in used:
        owners.components[key].uses.add(HEADERS)
    return {key for key in used if owners.components[key].source not in linked}


def requirements(file):
    for line in file.read_text().splitlines():
        line = line.split(" #")[0].strip()
        if line.startswith("-r "):
            yield from requirements(file.parent / line.removeprefix("-r ").strip())
        elif line and not line.startswith("#"):
            yield Requirement(line)


def add_python(owners):
    """Adds the Python packages of runtime.txt. Returns the keys of those that the file names."""
    direct = [canonicalize_name(requirement.name) for requirement in requirements(RUNTIME)]
    waiting, done = list(direct), set()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        component = owners.python(name)
        component.uses.add(PYTHON)
        for text in importlib.metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                other = canonicalize_name(requirement.name)
                component.requires.add((PYPI, other))
                waiting.append(other)
    return {(PYPI, name) for name in direct}


def collect(build):
    """Returns ({key: component}, the keys that the programs use themselves).

    Raises Missing if the build is not complete or the system has no dpkg.
    """
    if not shutil.which("dpkg-query"):
        raise Missing("the components are found with dpkg, which this system does not have")
    owners = Owners()
    direct = add_libraries(owners, build) | add_headers(owners, build) | add_python(owners)
    if owners.unowned:
        raise Missing("no package has installed " + ", ".join(sorted(owners.unowned)[:10]))
    used = {key: component for key, component in owners.components.items() if component.uses}
    return used, direct
