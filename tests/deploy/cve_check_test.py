"""Tests the check of known CVEs with small lists. Exits with 77 (skipped) without dpkg."""
import datetime
import pathlib
import shutil
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/lint"))
import cve_check  # noqa: E402
from cve_check import DEBIAN, PYPI, Installed  # noqa: E402

TODAY = datetime.date(2026, 11, 30)
LIST = """
looked_up: 2026-11-30
packages:
- names: [curl]
  ecosystem: debian
  version: 7.88.1-10+deb12u15
  purpose: HTTP
  decisions:
  - { cves: [CVE-2023-38545], fixed_in: 7.88.1-10+deb12u4, status: fixed }
  - cves: [CVE-2025-9086]
    severity: low
    affected: ">= 7.31.0, < 8.16.0"
    status: not_affected
    because: no cookies
  - { cves: [CVE-2030-1000], severity: high, affected: "< 8.0", status: affected, because: open,
      until: 2026-12-31 }
- names: [zlib]
  ecosystem: debian
  version: 1:1.2.13.dfsg-1
  purpose: compression
  decisions:
  - { cves: [CVE-2023-45853], severity: low, affected: "< 1:1.3.1", status: affected, because: open,
      until: 2026-12-31 }
- names: [torch, "nvidia-*"]
  ecosystem: pypi
  version: 2.13.0
  purpose: models
  decisions:
  - { cves: [CVE-2025-32434], fixed_in: 2.6.0, status: fixed }
"""


def judge(*installed, today=TODAY, debian12=True, text=LIST):
    return cve_check.compare(cve_check.parse(text), [Installed(*one) for one in installed],
                             debian12, today)


class CompareTest(unittest.TestCase):
    def test_unaffected_versions_pass(self):
        self.assertEqual(judge((DEBIAN, "curl", "8.14.1-2"), (DEBIAN, "zlib", "1:1.3.1-1"),
                               (PYPI, "torch", "2.13.0+cpu"), (PYPI, "nvidia-cublas", "13.0")),
                         ([], []))

    def test_open_fault_is_accepted_until_its_day(self):
        faults, warnings = judge((DEBIAN, "curl", "7.88.1-10+deb12u15"))
        self.assertEqual((len(faults), len(warnings)), (0, 1))
        self.assertIn("CVE-2030-1000", warnings[0])
        faults, _ = judge((DEBIAN, "curl", "7.88.1-10+deb12u15"), today=datetime.date(2027, 1, 1))
        self.assertEqual(len(faults), 1)
        self.assertIn("CVE-2030-1000", faults[0])
        self.assertIn("open", faults[0])

    def test_missing_update_of_debian_is_a_warning(self):
        for version, missing in (("7.88.1-10+deb12u3", True), ("7.88.1-10+deb12u4", False),
                                 ("7.88.1-10", True), ("7.88.1-10+deb12u10", False)):
            faults, warnings = judge((DEBIAN, "curl", version))
            self.assertEqual(faults, [])
            self.assertEqual(any("CVE-2023-38545" in message for message in warnings), missing,
                             version)

    def test_old_python_package_fails(self):
        faults, _ = judge((PYPI, "torch", "2.5.1+cu124"))
        self.assertEqual(len(faults), 1)
        self.assertIn("CVE-2025-32434 is fixed in 2.6.0", faults[0])
        self.assertEqual(judge((PYPI, "torch", "2.6.0"))[0], [])

    def test_range_has_both_ends_and_epochs_count(self):
        known = cve_check.parse(LIST)
        decision = known.packages[0].decisions[1]
        for version, affected in (("7.30.0-1", False), ("7.31.0-1", True), ("8.15.9-1", True),
                                  ("8.16.0-1", False)):
            self.assertEqual(decision.covers(DEBIAN, version), affected, version)
        self.assertTrue(known.packages[1].decisions[0].covers(DEBIAN, "1:1.2.13.dfsg-1"))

    def test_unknown_component_fails(self):
        for unknown in ((DEBIAN, "leftpad", "1.0"), (PYPI, "curl", "7.0"), (DEBIAN, "torch", "2")):
            faults, _ = judge(unknown)
            self.assertEqual(len(faults), 1)
            self.assertIn("is not in the list", faults[0])

    def test_other_systems_judge_python_alone(self):
        faults, warnings = judge((DEBIAN, "leftpad", "1"), (PYPI, "other", "1"), debian12=False)
        self.assertEqual((len(faults), warnings), (1, []))


class ListTest(unittest.TestCase):
    def assert_malformed(self, text, *parts):
        with self.assertRaises(cve_check.Malformed) as caught:
            cve_check.parse(text)
        for part in parts:
            self.assertIn(part, str(caught.exception))

    def test_malformed_lists_name_the_entry(self):
        for old, new, part in (
                ("looked_up: 2026-11-30\n", "", "looked_up is missing"),
                ("looked_up: 2026-11-30", "looked_up: soon", "looked_up is not a date"),
                ("  purpose: HTTP\n", "", "['curl']: purpose is missing"),
                ("  purpose: HTTP\n", "  purpose: HTTP\n  color: red\n", "unknown key color"),
                ("ecosystem: pypi", "ecosystem: npm", "ecosystem npm"),
                ("CVE-2025-9086", "GHSA-1", "GHSA-1 is not the name of a CVE"),
                ("status: not_affected", "status: fine", "status fine"),
                ("severity: low\n", "severity: bad\n", "severity bad"),
                ("    because: no cookies\n", "", "needs because"),
                (">= 7.31.0, < 8.16.0", "before 8.16", "is not a range"),
                ("because: no cookies", "because: no cookies\n    until: 2027-01-01",
                 "until is for status affected"),
                ("fixed_in: 2.6.0", "affected: '<2.6.0'", "status fixed needs fixed_in"),
                ("fixed_in: 2.6.0, status: fixed", "affected: 'old', severity: low, "
                 "status: mitigated, because: x", "old"),
                ("names: [zlib]", "names: [curl]", "curl is listed twice"),
                ("CVE-2030-1000", "CVE-2025-9086", "CVE-2025-9086 is listed twice")):
            self.assertIn(old, LIST)
            self.assert_malformed(LIST.replace(old, new, 1), part)
        self.assert_malformed("packages: [", "")
        self.assert_malformed("[]", "is not a mapping")

    def test_list_of_the_project_is_valid_and_its_page_names_every_cve(self):
        known = cve_check.load(cve_check.LIST)
        text = cve_check.page(known)
        for package in known.packages:
            for decision in package.decisions:
                for cve in decision.cves:
                    self.assertIn(cve, text)
        # A row has four cells.
        for line in text.splitlines():
            if line.startswith("| ") and "CVE-" in line:
                self.assertEqual(line.count(" | "), 3, line[:80])

    def test_versions_that_were_looked_up_have_a_decision(self):
        known = cve_check.load(cve_check.LIST)
        looked_up = [Installed(package.ecosystem, package.names[0], package.version)
                     for package in known.packages if len(package.names) == 1]
        faults, warnings = cve_check.compare(known, looked_up, True, known.looked_up)
        self.assertEqual(faults, [])
        self.assertTrue(all("accepted until" in message for message in warnings), warnings)


if __name__ == "__main__":
    if not shutil.which("dpkg"):
        print("cve_check_test: skipped: dpkg compares Debian's versions", file=sys.stderr)
        sys.exit(77)
    unittest.main()
