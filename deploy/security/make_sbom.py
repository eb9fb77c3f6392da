"""Writes a CycloneDX 1.6 document with what the installed programs consist of.

Usage: make_sbom.py --build FOLDER --out FILE (run by `make sbom`). Exits with 77 (skipped) if the
system has no dpkg, and with 1 if the document does not fit CycloneDX's schema.
"""
import argparse
import datetime
import os
import pathlib
import re
import sys
import uuid

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as CdxComponent
from cyclonedx.model.component import ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

import components

SKIPPED = 77
VERSION = SchemaVersion.V1_6


def version_of(build):
    cache = build / "CMakeCache.txt"
    found = cache.exists() and re.search(r"^CMAKE_PROJECT_VERSION:\w+=(.+)$", cache.read_text(),
                                         re.M)
    if not found:
        raise components.Missing(f"{cache} has no CMAKE_PROJECT_VERSION; run make build")
    return found[1]


def distribution():
    """Returns, for example, "debian" and "12"."""
    fields = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return fields["ID"].strip('"'), fields.get("VERSION_ID", "").strip('"')


def package_url(component):
    if component.ecosystem == components.PYPI:
        return PackageURL("pypi", None, component.name, component.version)
    vendor, release = distribution()
    return PackageURL("deb", vendor, component.name, component.version,
                      {"distro": f"{vendor}-{release}", "upstream": component.source})


def to_cyclonedx(component):
    properties = [Property(name="assay:use", value=use) for use in sorted(component.uses)]
    if component.ecosystem == components.DEBIAN:
        properties += [Property(name="assay:source", value=component.source),
                       Property(name="assay:source-version", value=component.source_version)]
    # The MLflow server is a program of its own beside assayd.
    beside = component.uses == {components.PYTHON}
    url = package_url(component)
    return CdxComponent(
        name=component.name, version=component.version, type=ComponentType.LIBRARY, purl=url,
        bom_ref=url.to_string(), properties=properties,
        scope=ComponentScope.OPTIONAL if beside else ComponentScope.REQUIRED)


def document(version, found, direct):
    """Returns the document as a Bom. `found` and `direct` are those of components.collect()."""
    bom = Bom()
    entries = {key: to_cyclonedx(component) for key, component in found.items()}
    root = CdxComponent(name="assay", version=version, type=ComponentType.APPLICATION,
                        bom_ref="assay")
    bom.metadata.component = root
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    bom.metadata.timestamp = (
        datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc) if seconds
        else datetime.datetime.now(datetime.timezone.utc))
    for key in sorted(entries):
        bom.components.add(entries[key])
    # The same components have the same serial number.
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(
        [root.version, *sorted(entry.bom_ref.value for entry in entries.values())]))
    bom.register_dependency(root, [entries[key] for key in sorted(direct)])
    for key in sorted(entries):
        required = sorted(other for other in found[key].requires if other in entries)
        bom.register_dependency(entries[key], [entries[other] for other in required])
    return bom


def write(bom, path):
    """Writes the document. Raises ValueError if it does not fit the schema."""
    text = make_outputter(bom, OutputFormat.JSON, VERSION).output_as_string(indent=2)
    error = JsonStrictValidator(VERSION).validate_str(text)
    if error:
        raise ValueError(f"the document does not fit CycloneDX {VERSION.to_version()}: {error}")
    path.write_text(text + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the folder of the build")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    try:
        build = args.build.absolute()
        bom = document(version_of(build), *components.collect(build))
        write(bom, args.out)
    except components.Missing as missing:
        print(f"make_sbom: skipped: {missing}", file=sys.stderr)
        sys.exit(SKIPPED)
    except ValueError as error:
        sys.exit(f"make_sbom: {error}")
    print(f"{args.out}: {len(bom.components)} components")


if __name__ == "__main__":
    main()
