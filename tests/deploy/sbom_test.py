"""Tests the SBOM of a real build.

Usage: sbom_test.py --build FOLDER (run by ctest). Exits with 77 (skipped) if a package is missing
or the system has no dpkg.
"""
import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy/security"), str(ROOT / "deploy/lint")]
try:
    import components
    import cve_check
    import make_sbom
    from cyclonedx.validation.json import JsonStrictValidator
except ModuleNotFoundError as missing:
    print(f"sbom_test: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

LIST = ROOT / "deploy/security/known_cves.yaml"
PAGE = ROOT / "docs/reference/dependencies.md"
# Every Debian system has them, so deploy/Dockerfile does not install them.
BASE = {"libc6", "libgcc-s1"}


class SbomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "assay.cdx.json"
            make_sbom.write(make_sbom.document("1.0", *COLLECTED), path)
            cls.text = path.read_text()
            cls.sbom = json.loads(cls.text)
            cls.installed = cve_check.of_sbom(path)
        cls.by_name = {entry["name"]: entry for entry in cls.sbom["components"]}

    def uses(self, name):
        return {item["value"] for item in self.by_name[name]["properties"]
                if item["name"] == "assay:use"}

    def test_schema_accepts_it_and_refuses_a_broken_one(self):
        self.assertEqual((self.sbom["bomFormat"], self.sbom["specVersion"]), ("CycloneDX", "1.6"))
        validator = JsonStrictValidator(make_sbom.VERSION)
        self.assertIsNone(validator.validate_str(self.text))
        broken = copy.deepcopy(self.sbom)
        del broken["components"][0]["name"]
        self.assertIsNotNone(validator.validate_str(json.dumps(broken)))

    def test_linked_packages_are_those_that_the_image_installs(self):
        stage = (ROOT / "deploy/Dockerfile").read_text().split("FROM debian")[2]
        image = set(re.findall(r"^ {7}(lib\S+|zlib1g) \\$", stage, re.M))
        linked = {name for name, entry in self.by_name.items()
                  if entry["purl"].startswith("pkg:deb") and components.LINKED in self.uses(name)}
        self.assertEqual(linked - BASE, image)

    def test_headers_are_found_and_those_of_tests_are_not(self):
        for name in ("nlohmann-json3-dev", "libcli11-dev", "libboost1.74-dev"):
            self.assertIn(components.HEADERS, self.uses(name))
        # Only tests use these.
        for name in ("libgtest-dev", "libcpp-httplib-dev", "libbenchmark-dev"):
            self.assertNotIn(name, self.by_name)

    def test_python_packages_have_the_versions_that_pip_reports(self):
        listed = json.loads(subprocess.run(
            [sys.executable, "-m", "pip", "list", "--format=json"], check=True,
            capture_output=True, text=True).stdout)
        versions = {components.canonicalize_name(item["name"]): item["version"] for item in listed}
        for name in ("torch", "pyarrow", "mlflow", "sqlalchemy"):
            self.assertEqual(self.by_name[name]["version"], versions[name])
        self.assertEqual(self.by_name["mlflow"]["scope"], "optional")
        self.assertEqual(self.by_name["torch"]["scope"], "required")

    def test_dependencies_name_known_components(self):
        known = {entry["bom-ref"] for entry in self.sbom["components"]} | {"assay"}
        edges = {entry["ref"]: entry.get("dependsOn", []) for entry in self.sbom["dependencies"]}
        self.assertEqual(set(edges), known)
        self.assertLessEqual({other for others in edges.values() for other in others}, known)
        # libcurl brings the libraries of the protocols that it can speak.
        curl = self.by_name["libcurl4"]["bom-ref"]
        self.assertIn(self.by_name["libssh2-1"]["bom-ref"], edges[curl])
        reached, waiting = set(), ["assay"]
        while waiting:
            for other in edges[waiting.pop()]:
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
        libraries = {entry["bom-ref"] for entry in self.sbom["components"]
                     if {"linked", "loaded by a library"} & self.uses(entry["name"])}
        self.assertLessEqual(libraries, reached)

    def test_same_components_have_the_same_serial_number(self):
        found, direct = COLLECTED
        turned = make_sbom.document("1.0", dict(reversed(found.items())), direct)
        self.assertEqual(turned.serial_number.urn, self.sbom["serialNumber"])
        other = make_sbom.document("1.1", found, direct)
        self.assertNotEqual(other.serial_number.urn, self.sbom["serialNumber"])

    def test_every_component_was_looked_up(self):
        known = cve_check.load(LIST)
        faults, _ = cve_check.compare(known, self.installed, debian12=cve_check.is_debian12())
        self.assertEqual(faults, [])

    def test_a_component_that_nobody_looked_up_is_found(self):
        known = cve_check.load(LIST)
        known.packages = [entry for entry in known.packages if "grpc" not in entry.names]
        faults, _ = cve_check.compare(known, self.installed, debian12=True)
        self.assertEqual(len(faults), 1)
        self.assertIn("grpc", faults[0])

    def test_page_is_up_to_date(self):
        self.assertEqual(cve_check.page(cve_check.load(LIST)), PAGE.read_text(),
                         "run deploy/lint/cve_check.py --write-page")


def main():
    global COLLECTED
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    args, rest = parser.parse_known_args()
    try:
        COLLECTED = components.collect(args.build.absolute())
    except components.Missing as missing:
        print(f"sbom_test: skipped: {missing}", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
