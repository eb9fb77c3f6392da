"""Tests that Assay and the real huggingface_hub can read each other's download cache.

Both download from a fake Hub in this process (fake_hub.py).

Usage: hub_cache_test.py PATH_TO_HUB_PROBE
Exits with 77 (skipped) if huggingface_hub is not installed.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from fake_hub import COMMIT, FILES, NEEDED, REPO, WEIGHTS, Hub, blob_hash

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from patience import patience  # noqa: E402

SKIPPED = 77

HUB = Hub()
HOME = tempfile.TemporaryDirectory(prefix="hub_cache_test.")
# huggingface_hub reads these variables when it is imported.
os.environ |= {"HF_ENDPOINT": HUB.url, "HF_HOME": HOME.name, "HF_HUB_DISABLE_XET": "1",
               "HF_HUB_DISABLE_TELEMETRY": "1"}
for variable in ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
    os.environ.pop(variable, None)
try:
    import filelock
    import huggingface_hub
    from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
except ImportError as error:
    print(f"skipped: huggingface_hub is not installed in {sys.prefix} ({error})")
    sys.exit(SKIPPED)
PROBE = sys.argv.pop(1)


class HubCacheTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hub_cache_test.")
        self.addCleanup(folder.cleanup)
        self.cache = pathlib.Path(folder.name) / "cache"
        self.repo = self.cache / "models--org--model"
        HUB.bodies.clear()
        HUB.body_seconds = 0

    def start(self, file="", revision="main", **environment):
        command = [PROBE, REPO, revision] + ([file] if file else [])
        environment = os.environ | {"HF_HUB_CACHE": str(self.cache)} | environment
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        """Returns the commit, the bytes downloaded and the path."""
        out, err = process.communicate(timeout=patience(300))
        self.assertEqual(process.returncode, 0, err)
        commit, fetched, path = out.strip().split(" ", 2)
        self.assertEqual(commit, COMMIT)
        return int(fetched), path

    def assert_content(self, folder, names):
        for name in names:
            self.assertEqual((pathlib.Path(folder) / name).read_bytes(), FILES[name], name)

    def test_huggingface_hub_reads_what_assay_pulled(self):
        _, path = self.finish(self.start())
        snapshot = snapshot_download(REPO, cache_dir=self.cache, local_files_only=True)
        self.assertEqual(snapshot, path)
        self.assert_content(snapshot, NEEDED)
        for name in NEEDED:
            found = hf_hub_download(REPO, name, cache_dir=self.cache, local_files_only=True)
            self.assertEqual(os.readlink(found), f"../../blobs/{blob_hash(name)}")
        report = scan_cache_dir(self.cache)
        self.assertEqual(report.warnings, [])
        (repo,) = report.repos
        self.assertEqual(repo.repo_id, REPO)
        self.assertEqual(repo.refs["main"].commit_hash, COMMIT)
        self.assertEqual(repo.size_on_disk, sum(len(FILES[name]) for name in NEEDED))

    def test_huggingface_hub_downloads_only_missing_files(self):
        self.finish(self.start())
        HUB.bodies.clear()
        snapshot = snapshot_download(REPO, cache_dir=self.cache)
        self.assertEqual(sorted(HUB.bodies), sorted(set(FILES) - set(NEEDED)))
        self.assert_content(snapshot, FILES)

    def test_single_file_is_shared(self):
        _, path = self.finish(self.start(file="gguf/model q4.gguf"))
        self.assertEqual(HUB.bodies, ["gguf/model q4.gguf"])
        self.assertEqual(hf_hub_download(REPO, "gguf/model q4.gguf", cache_dir=self.cache,
                                         local_files_only=True), path)

    def test_assay_reuses_files_of_huggingface_hub(self):
        snapshot = snapshot_download(REPO, cache_dir=self.cache)
        HUB.bodies.clear()
        for environment in ({}, {"HF_HUB_OFFLINE": "1"}):
            self.assertEqual(self.finish(self.start(**environment)), (0, snapshot))
        self.assertEqual(self.finish(self.start(revision=COMMIT, HF_ENDPOINT="http://127.0.0.1:9")),
                         (0, snapshot))
        self.assertEqual(HUB.bodies, [])

    def test_assay_completes_a_partial_snapshot(self):
        snapshot_download(REPO, cache_dir=self.cache, allow_patterns=["*.json"])
        HUB.bodies.clear()
        fetched, path = self.finish(self.start())
        self.assertEqual((fetched, HUB.bodies), (len(FILES[WEIGHTS]), [WEIGHTS]))
        self.assert_content(path, NEEDED)

    def test_concurrent_downloads_fetch_each_file_once(self):
        HUB.body_seconds = 1
        process = self.start()
        snapshot = snapshot_download(REPO, cache_dir=self.cache, allow_patterns=NEEDED)
        _, path = self.finish(process)
        self.assertEqual(snapshot, path)
        self.assertEqual(sorted(HUB.bodies), sorted(NEEDED))
        self.assert_content(path, NEEDED)

    def test_both_respect_the_same_lock(self):
        lock = self.cache / ".locks" / "models--org--model" / f"{blob_hash(WEIGHTS)}.lock"
        lock.parent.mkdir(parents=True)
        with filelock.FileLock(lock):
            process = self.start()
            time.sleep(1)
            self.assertIsNone(process.poll())
            self.assertNotIn(WEIGHTS, HUB.bodies)
            HUB.body_seconds = 2
        while WEIGHTS not in HUB.bodies:
            time.sleep(0.02)
        with self.assertRaises(filelock.Timeout):
            filelock.FileLock(lock).acquire(timeout=0.2)
        self.finish(process)


if __name__ == "__main__":
    print(f"huggingface_hub {huggingface_hub.__version__}, filelock {filelock.__version__}")
    unittest.main(verbosity=2)
