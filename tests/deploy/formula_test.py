"""Tests Homebrew's formula: what it depends on, and that Ruby accepts it.

Nothing is installed: the file is read as Homebrew would, up to its first call.
"""
import importlib.util
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Packages of deploy/setup.sh for tests, benchmarks and a faster build; git comes with a Mac's tools.
NOT_NEEDED = {"ccache", "git", "googletest", "google-benchmark"}
WHEEL = ("https://files.pythonhosted.org/packages/aa/bb/cc/torch-2.13.0.whl", "0" * 64)


def load_maker():
    spec = importlib.util.spec_from_file_location("make_formula",
                                                  ROOT / "deploy/homebrew/make_formula.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FormulaTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        archive = pathlib.Path(self.folder.name) / "assay.tar.gz"
        archive.write_bytes(b"archive")
        self.text = load_maker().formula("file:///assay.tar.gz", archive, "https://a.b", WHEEL)

    def test_every_value_is_filled_in(self):
        self.assertNotRegex(self.text, r"@[A-Z_]+@")
        self.assertIn('url "file:///assay.tar.gz"', self.text)
        # printf archive | sha256sum
        self.assertIn("0eb3e36bfb24dcd9bb1d1bece1531216b59539a8fde17ee80224af0653c92aa3", self.text)

    def test_it_depends_on_what_set_up_installs(self):
        script = (ROOT / "deploy/setup.sh").read_text()
        packages = set(re.search(r'BREW_PACKAGES="([^"]+)"', script)[1].split()) - NOT_NEEDED
        # setup.sh takes Arrow from pyarrow's wheel; the formula has no .venv.
        packages.add("apache-arrow")
        self.assertEqual(set(re.findall(r'depends_on "([^"]+)"', self.text)), packages)

    def test_macos_is_the_oldest_that_set_up_accepts(self):
        script = (ROOT / "deploy/setup.sh").read_text()
        self.assertIn("MIN_MACOS=14", script)
        self.assertIn("depends_on macos: :sonoma", self.text)

    def test_ruby_parses_it(self):
        ruby = shutil.which("ruby")
        if ruby is None:
            self.skipTest("ruby is not installed")
        path = pathlib.Path(self.folder.name) / "assay.rb"
        path.write_text(self.text)
        result = subprocess.run([ruby, "-c", path], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
