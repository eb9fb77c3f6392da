"""Compares what the programs consist of with deploy/security/known_cves.yaml.

    cve_check.py [--build FOLDER | --sbom FILE] [--strict]
    cve_check.py --write-page     writes docs/reference/dependencies.md from the list

It fails if a component is not in the list, so that someone looks a new one up, if an open fault
has passed the date until which it was accepted, and if a Python package is older than the fix. An
accepted open fault is a warning, and so is a Debian package that is older than Debian's fix,
because it is the machine's to update; --strict makes both errors. Without a build or an SBOM, only
the versions are compared, of the packages of the list that are installed.

The list is no feed: it knows what someone has looked up by the date that it names.
"""
import argparse
import dataclasses
import datetime
import fnmatch
import functools
import importlib.metadata
import json
import pathlib
import re
import subprocess
import sys

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/security"))
import components  # noqa: E402

LIST = ROOT / "deploy/security/known_cves.yaml"
PAGE = ROOT / "docs/reference/dependencies.md"
BUILD = ROOT / "build/release"
DEBIAN, PYPI = components.DEBIAN, components.PYPI
STATUSES = ("affected", "fixed", "mitigated", "not_affected")
SEVERITIES = ("low", "medium", "high", "critical", "unrated")
CVE = re.compile(r"CVE-\d{4}-\d{4,}")
DEBIAN_PART = re.compile(r"(<=|>=|<|>|=)\s*([^\s,]+)")
# What dpkg calls the operators.
DPKG = {"<": "lt", "<=": "le", "=": "eq", ">=": "ge", ">": "gt"}


class Malformed(Exception):
    """The list is not valid. The message names the entry."""


@dataclasses.dataclass(frozen=True)
class Installed:
    """A source package of Debian, or a Python package."""

    ecosystem: str
    name: str
    version: str


@functools.cache
def debian_compare(left, operator, right):
    return subprocess.run(["dpkg", "--compare-versions", left, DPKG[operator], right],
                          check=False).returncode == 0


@dataclasses.dataclass
class Decision:
    """What was decided about some CVEs of one package."""

    cves: list
    severity: str
    status: str
    because: str
    affected: str = ""
    fixed_in: str = ""
    # An affected version is accepted until this day.
    until: datetime.date | None = None

    def covers(self, ecosystem, version):
        """Returns whether this version is affected."""
        if ecosystem == PYPI:
            ranges = self.affected or f"<{self.fixed_in}"
            return SpecifierSet(ranges, prereleases=True).contains(version)
        if self.fixed_in and debian_compare(version, ">=", self.fixed_in):
            return False
        return all(debian_compare(version, operator, limit)
                   for operator, limit in DEBIAN_PART.findall(self.affected))


@dataclasses.dataclass
class Package:
    """An entry of the list. `names` may have patterns such as nvidia-*."""

    ecosystem: str
    names: list
    version: str
    purpose: str
    decisions: list

    def matches(self, installed):
        return self.ecosystem == installed.ecosystem and any(
            fnmatch.fnmatchcase(installed.name, name) for name in self.names)


@dataclasses.dataclass
class KnownCves:
    looked_up: datetime.date
    packages: list


def take(entry, where, required, optional=()):
    """Checks the keys and the types of a mapping of the list."""
    if not isinstance(entry, dict):
        raise Malformed(f"{where}: is not a mapping")
    for key in entry:
        if key not in required and key not in optional:
            raise Malformed(f"{where}: unknown key {key}")
    for key, kind in required.items():
        if key not in entry:
            raise Malformed(f"{where}: {key} is missing")
        if not isinstance(entry[key], kind) or not entry[key] and kind is not list:
            raise Malformed(f"{where}: {key} is not a {kind.__name__}: {entry[key]!r}")
    return entry


def parse_decision(entry, where, ecosystem):
    take(entry, where, {"cves": list, "status": str},
         ("severity", "because", "affected", "fixed_in", "until"))
    decision = Decision(entry["cves"], entry.get("severity", "unrated"), entry["status"],
                        " ".join(entry.get("because", "").split()), str(entry.get("affected", "")),
                        str(entry.get("fixed_in", "")), entry.get("until"))
    for cve in decision.cves:
        if not CVE.fullmatch(str(cve)):
            raise Malformed(f"{where}: {cve} is not the name of a CVE")
    if decision.status not in STATUSES:
        raise Malformed(f"{where}: status {decision.status} is none of {', '.join(STATUSES)}")
    if decision.severity not in SEVERITIES:
        raise Malformed(f"{where}: severity {decision.severity} is none of {', '.join(SEVERITIES)}")
    if not decision.affected and not decision.fixed_in:
        raise Malformed(f"{where}: neither affected nor fixed_in is given")
    if decision.status == "fixed" and not decision.fixed_in:
        raise Malformed(f"{where}: status fixed needs fixed_in")
    if decision.status != "fixed" and (not decision.because or decision.severity == "unrated"):
        raise Malformed(f"{where}: status {decision.status} needs because and severity")
    if (decision.status == "affected") != isinstance(decision.until, datetime.date):
        raise Malformed(f"{where}: until is for status affected alone, and is a date")
    if ecosystem == PYPI:
        try:
            SpecifierSet(decision.affected or f"<{decision.fixed_in}")
        except InvalidSpecifier as error:
            raise Malformed(f"{where}: {error}") from error
    elif re.sub(DEBIAN_PART, "", decision.affected).strip(" ,"):
        raise Malformed(f"{where}: affected is not a range: {decision.affected}")
    return decision


def parse(text):
    """Returns the list. Raises Malformed."""
    try:
        top = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Malformed(str(error)) from error
    take(top, "the list", {"looked_up": datetime.date, "packages": list})
    packages, seen = [], set()
    for entry in top["packages"]:
        where = str(entry.get("names", entry)) if isinstance(entry, dict) else str(entry)
        take(entry, where, {"ecosystem": str, "names": list, "version": str, "purpose": str},
             ("decisions",))
        if entry["ecosystem"] not in (DEBIAN, PYPI):
            raise Malformed(f"{where}: ecosystem {entry['ecosystem']} is not {DEBIAN} or {PYPI}")
        decisions = [parse_decision(decision, where, entry["ecosystem"])
                     for decision in entry.get("decisions", [])]
        keys = [(entry["ecosystem"], name) for name in entry["names"]]
        keys += [(*keys[0], cve) for decision in decisions for cve in decision.cves]
        for key in keys:
            if key in seen:
                raise Malformed(f"{where}: {key[-1]} is listed twice")
            seen.add(key)
        packages.append(Package(entry["ecosystem"], entry["names"], entry["version"],
                                " ".join(entry["purpose"].split()), decisions))
    return KnownCves(top["looked_up"], packages)


def load(path):
    try:
        return parse(path.read_text())
    except Malformed as error:
        raise Malformed(f"{path}: {error}") from error


def of_components(found):
    """Returns the sorted Installed of components.collect()."""
    return sorted({Installed(entry.ecosystem, entry.source, entry.source_version)
                   for entry in found}, key=dataclasses.astuple)


def of_sbom(path):
    found = set()
    for entry in json.loads(path.read_text())["components"]:
        properties = {item["name"]: item["value"] for item in entry.get("properties", [])}
        source = properties.get("assay:source")
        found.add(Installed(DEBIAN, source, properties["assay:source-version"]) if source
                  else Installed(PYPI, entry["name"], entry["version"]))
    return sorted(found, key=dataclasses.astuple)


def of_system(known):
    """Returns the packages of the list that are installed here, whether the programs use them."""
    fields = "${db:Status-Abbrev}\\t${source:Package}\\t${source:Version}\\n"
    lines = components.output("dpkg-query", "--show", f"--showformat={fields}").splitlines()
    debian = {Installed(DEBIAN, *line.split("\t")[1:]) for line in lines if line.startswith("ii")}
    python = {Installed(PYPI, components.canonicalize_name(item.name), item.version)
              for item in importlib.metadata.distributions()}
    return sorted((entry for entry in debian | python
                   if any(package.matches(entry) for package in known.packages)),
                  key=dataclasses.astuple)


def compare(known, installed, debian12, today=None):
    """Returns (faults, warnings), each a list of messages.

    Debian's packages are only judged on Debian 12, because the list names its versions.
    """
    faults, warnings = [], []
    today = today or datetime.date.today()
    for entry in installed:
        if entry.ecosystem == DEBIAN and not debian12:
            continue
        package = next((one for one in known.packages if one.matches(entry)), None)
        label = f"{entry.name} {entry.version} ({entry.ecosystem})"
        if package is None:
            faults.append(f"{label} is not in the list: look up its CVEs and add it")
            continue
        for decision in package.decisions:
            if not decision.covers(entry.ecosystem, entry.version):
                continue
            names = ", ".join(decision.cves)
            if decision.status == "affected":
                (faults if today > decision.until else warnings).append(
                    f"{label} is affected by {names}, accepted until {decision.until}: "
                    f"{decision.because}")
            elif decision.status == "fixed" and entry.ecosystem == PYPI:
                faults.append(f"{label}: {names} is fixed in {decision.fixed_in}: update it")
            elif decision.status == "fixed":
                warnings.append(f"{label}: {names} is fixed in {decision.fixed_in}: run apt-get "
                                "upgrade")
    return faults, warnings


def is_debian12():
    path = pathlib.Path("/etc/os-release")
    text = path.read_text() if path.exists() else ""
    return "\nID=debian\n" in f"\n{text}\n" and 'VERSION_ID="12"' in text


def describe(decision):
    names = ", ".join(decision.cves)
    if decision.status == "fixed":
        return f"{names}: fixed in `{decision.fixed_in}`" + (
            f" ({decision.because})" if decision.because else "")
    status = decision.status.replace("_", " ")
    fixed = f" Fixed in `{decision.fixed_in}`." if decision.fixed_in else ""
    until = f" until {decision.until}" if decision.until else ""
    return f"{names} ({decision.severity}): {status}{until}. {decision.because}{fixed}"


def page(known):
    """Returns docs/reference/dependencies.md."""
    lines = [
        "# Dependencies and known CVEs", "",
        "<!-- Written from deploy/security/known_cves.yaml by deploy/lint/cve_check.py -->",
        "",
        "This page lists what the programs consist of on Debian 12, and what was known about it on",
        f"{known.looked_up}. It is no feed: it does not learn what becomes known later.",
        "`make sbom` writes the exact list of a build as a CycloneDX document, and `make lint`",
        "compares the build with this list.", "",
        "| Status | Meaning |", "|---|---|",
        "| fixed | the version named, or a later one, has the fix |",
        "| mitigated | the fault is there; what stops it is named |",
        "| not affected | the fault is not in what Assay uses |",
        "| affected | open, and accepted until the day named; then `make lint` fails |", ""]
    for ecosystem, title in ((DEBIAN, "Debian's packages (source packages)"),
                             (PYPI, "Python packages")):
        lines += [f"## {title}", "", "| Package | Version looked up | Used for | CVEs |",
                  "|---|---|---|---|"]
        for package in known.packages:
            if package.ecosystem != ecosystem:
                continue
            decisions = "<br>".join(describe(decision) for decision in package.decisions)
            names = ", ".join(name.replace("*", "\\*") for name in package.names)
            lines.append(f"| {names} | `{package.version}` | {package.purpose} | "
                         f"{decisions or 'none found'} |")
        lines.append("")
    return "\n".join(lines)


def find_installed(args, known):
    if args.sbom:
        return of_sbom(args.sbom)
    if (args.build / "bin/assayd").exists():
        return of_components(components.collect(args.build.absolute())[0].values())
    print(f"{args.build} has no programs: comparing the versions of installed packages only")
    return of_system(known)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=BUILD)
    parser.add_argument("--sbom", type=pathlib.Path)
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--write-page", action="store_true")
    args = parser.parse_args()
    try:
        known = load(LIST)
        if args.write_page:
            PAGE.write_text(page(known))
            return
        installed = find_installed(args, known)
    except Malformed as error:
        sys.exit(f"cve_check: {error}")
    except components.Missing as missing:
        print(f"cve_check: skipped: {missing}", file=sys.stderr)
        sys.exit(77)
    faults, warnings = compare(known, installed, is_debian12())
    for message in warnings:
        print(f"{'error' if args.strict else 'warning'}: {message}")
    for message in faults:
        print(f"error: {message}")
    if faults or (args.strict and warnings):
        sys.exit(1)
    print(f"{len(installed)} packages: every CVE that was known on {known.looked_up} has a "
          f"decision; {len(warnings)} warnings")


if __name__ == "__main__":
    main()
