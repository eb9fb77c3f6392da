"""Tests `assay pull` with a real assayd and a fake Hub.

Usage: pull_test.py PATH_TO_ASSAYD PATH_TO_ASSAY
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

from fake_hub import COMMIT, FILES, GATED, REPO, WEIGHTS, Hub

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from patience import patience  # noqa: E402

HUB = Hub()
ASSAYD, ASSAY = sys.argv[1:3]
del sys.argv[1:3]
MODELS = [{"id": "hubbed", "source": {"repo": REPO}},
          {"id": "absent", "source": {"repo": "org/none"}},
          {"id": "gated", "source": {"repo": GATED}},
          {"id": "real", "source": {"repo": REPO, "file": "real.gguf"}},
          {"id": "local", "source": {"file": "/proc/self/exe"}}]
NOT_FOUND_EXIT, START_SECONDS = 4, patience(300)
REAL_MODEL = pathlib.Path("var/models/smollm2-135m-instruct-q4_1.gguf")
if REAL_MODEL.exists():
    FILES["real.gguf"] = REAL_MODEL.read_bytes()


class Served(unittest.TestCase):
    models = MODELS

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pull_test.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        # JSON is valid YAML.
        config = {"listen": "127.0.0.1:0", "metrics": {"listen": ""}, "catalog": "models.yaml",
                  "state_dir": "state", "device": "cpu"}
        (self.folder / "assayd.yaml").write_text(json.dumps(config))
        self.write_catalog(self.models)
        HUB.bodies.clear()
        HUB.ranges.clear()
        HUB.body_seconds = 0
        self.start()

    def write_catalog(self, models):
        (self.folder / "models.yaml").write_text(json.dumps({"models": models}))

    def start(self):
        environment = os.environ | {"HF_ENDPOINT": HUB.url,
                                    "HF_HUB_CACHE": str(self.folder / "cache")}
        environment.pop("HF_HUB_OFFLINE", None)
        log = open(self.folder / "log", "w")
        self.addCleanup(log.close)
        self.daemon = subprocess.Popen([ASSAYD, "--config", self.folder / "assayd.yaml"],
                                       env=environment, stdout=log, stderr=log)
        self.addCleanup(self.stop, self.daemon)
        end = time.monotonic() + START_SECONDS
        while not (ready := re.search(r" ready listen=(\S+)", (self.folder / "log").read_text())):
            self.assertIsNone(self.daemon.poll(), (self.folder / "log").read_text())
            self.assertLess(time.monotonic(), end, "assayd did not start")
            time.sleep(0.05)
        self.address = ready.group(1)

    @staticmethod
    def stop(daemon):
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()

    def assay(self, *words, **settings):
        return subprocess.Popen([ASSAY, "--address", self.address, *words], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **settings)

    def run_assay(self, *words):
        process = self.assay(*words)
        out, err = process.communicate(timeout=patience(300))
        return process.returncode, out, err

    def await_body(self, name):
        end = time.monotonic() + 30
        while name not in HUB.bodies and time.monotonic() < end:
            time.sleep(0.02)
        self.assertIn(name, HUB.bodies)


class PullTest(Served):
    def test_pulls_once_and_prints_the_path(self):
        code, out, err = self.run_assay("pull", "hubbed")
        self.assertEqual(code, 0, err)
        self.assertIn(f"commit {COMMIT}", out)
        path = pathlib.Path(out.splitlines()[-1])
        self.assertEqual((path / WEIGHTS).read_bytes(), FILES[WEIGHTS])
        self.assertIn("pulling hubbed: ", err)
        HUB.bodies.clear()
        code, out, _ = self.run_assay("pull", "hubbed")
        self.assertEqual((code, HUB.bodies), (0, []))
        self.assertIn("already downloaded", out)

    def test_terminal_shows_bytes_rate_and_time_left(self):
        HUB.body_seconds = 2
        ours, theirs = pty.openpty()
        # A new pseudo-terminal has no size.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        pulling = subprocess.Popen([ASSAY, "--address", self.address, "pull", "hubbed"],
                                   stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            # The other side was closed.
            pass
        os.close(ours)
        self.assertEqual(pulling.wait(timeout=patience(300)), 0, shown)
        self.assertRegex(shown.decode(),
                         r"\] \d\.\d MiB of 3\.0 MiB, \d+\.\d MiB/s, \d+s left  downloading "
                         r"[a-z.]+\r")
        self.assertNotIn("\n", shown.decode())

    @unittest.skipUnless(REAL_MODEL.exists(), f"{REAL_MODEL} is not there: make models")
    def test_load_downloads_with_progress_and_the_model_generates(self):
        HUB.body_seconds = 2
        code, out, err = self.run_assay("load", "real", "--json")
        self.assertEqual(code, 0, err)
        steps = [
            event["progress"] for event in map(json.loads, out.splitlines()) if "progress" in event]
        download = [step for step in steps if step["stage"] == "downloading"]
        self.assertEqual({int(step["bytesTotal"]) for step in download}, {len(FILES["real.gguf"])})
        done = [int(step.get("bytesDone", 0)) for step in download]
        self.assertEqual(done, sorted(done))
        self.assertTrue(any(
            step.get("bytesPerSecond", 0) > 0 and "timeLeftSeconds" in step for step in download))
        self.assertNotIn("bytesTotal", steps[-1])
        self.assertNotEqual(steps[-1]["stage"], "downloading")
        code, out, err = self.run_assay("generate", "--model", "real", "--max-new-tokens", "8",
                                        "--temperature", "0", "Say hello.")
        self.assertEqual(code, 0, err)
        self.assertTrue(out.strip())
        # A pull reuses what a load downloaded.
        HUB.bodies.clear()
        self.assertIn("already downloaded", self.run_assay("pull", "real")[1])
        self.assertEqual(HUB.bodies, [])

    def test_json_output_streams_progress_and_the_result(self):
        HUB.body_seconds = 1
        code, out, err = self.run_assay("pull", "hubbed", "--json")
        self.assertEqual(code, 0, err)
        *progress, last = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(last["result"]["commit"], COMMIT)
        done = [int(event["progress"].get("bytesDone", 0)) for event in progress]
        self.assertEqual(done, sorted(done))
        self.assertGreater(len(set(done)), 3)
        self.assertTrue(any(event["progress"].get("bytesPerSecond", 0) > 0 for event in progress))

    def test_pull_resumes_after_kill_9(self):
        HUB.body_seconds = 4
        pulling = self.assay("pull", "hubbed")
        self.await_body(WEIGHTS)
        time.sleep(1)
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        _, err = pulling.communicate(timeout=patience(300))
        self.assertNotEqual(pulling.returncode, 0)
        self.assertIn("continues from there", err)
        HUB.body_seconds = 0
        self.start()
        code, out, err = self.run_assay("pull", "hubbed")
        self.assertEqual(code, 0, err)
        self.assertEqual((pathlib.Path(out.splitlines()[-1]) / WEIGHTS).read_bytes(),
                         FILES[WEIGHTS])
        self.assertRegex(out, r"MiB downloaded, \d+\.\d MiB already there, commit ")
        self.assertEqual([name for name, _ in HUB.ranges], [WEIGHTS])
        self.assertGreater(HUB.ranges[0][1], 0)

    def test_interrupt_cancels_the_download(self):
        HUB.body_seconds = 20
        pulling = self.assay("pull", "hubbed")
        self.await_body(WEIGHTS)
        pulling.send_signal(signal.SIGINT)
        _, err = pulling.communicate(timeout=patience(300))
        self.assertNotEqual(pulling.returncode, 0)
        self.assertIn("continues from there", err)

    def test_errors_explain_why_a_pull_is_impossible(self):
        code, _, err = self.run_assay("pull", "absent")
        self.assertEqual(code, NOT_FOUND_EXIT)
        self.assertIn("org/none", err)
        self.assertNotIn("continues from there", err)
        code, _, err = self.run_assay("pull", "gated")
        self.assertNotEqual(code, 0)
        self.assertIn("PERMISSION_DENIED: model 'gated': org/gated", err)
        self.assertIn("the repository is gated. Accept its license at ", err)
        self.assertIn("HF_TOKEN", err)
        code, _, err = self.run_assay("pull", "local")
        self.assertNotEqual(code, 0)
        self.assertIn("nothing to download", err)
        code, _, err = self.run_assay("pull", "nobody")
        self.assertEqual(code, NOT_FOUND_EXIT)
        self.assertIn("not in the catalog", err)
        code, _, err = self.run_assay("pull", "someone/Model-7B@v1")
        self.assertEqual(code, NOT_FOUND_EXIT)
        self.assertIn("`- { id: model_7b, source: { repo: 'someone/Model-7B', revision: 'v1' } }` "
                      "under `models:`", err)
        code, _, err = self.run_assay("pull", REPO)
        self.assertIn("the model of this repository is 'hubbed'", err)


@unittest.skipUnless(REAL_MODEL.exists(), f"{REAL_MODEL} is not there: make models")
class ReloadTest(Served):
    """A catalog in which the source of a resident model becomes a slow download."""
    models = [{"id": "m", "source": {"file": str(REAL_MODEL.absolute())}}]

    def setUp(self):
        super().setUp()
        code, _, err = self.run_assay("load", "m")
        self.assertEqual(code, 0, err)
        HUB.body_seconds = 60
        self.write_catalog([{"id": "m", "source": {"repo": REPO, "file": "real.gguf"}}])

    def assert_serves(self):
        code, _, err = self.run_assay("generate", "--model", "m", "--max-new-tokens", "2",
                                      "Say hello.")
        self.assertEqual(code, 0, err)

    def test_sigterm_stops_a_download_started_by_sighup(self):
        self.daemon.send_signal(signal.SIGHUP)
        self.await_body("real.gguf")
        self.assert_serves()
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(timeout=patience(300)), 0)

    def test_cancelled_reload_cancels_its_download(self):
        reloading = self.assay("reload")
        self.await_body("real.gguf")
        reloading.send_signal(signal.SIGINT)
        reloading.communicate(timeout=patience(300))
        self.assertNotEqual(reloading.returncode, 0)
        self.assert_serves()
        # The next reload can run, and the catalog lists the resident model again.
        self.write_catalog(self.models)
        begun = time.monotonic()
        code, _, err = self.run_assay("reload")
        self.assertEqual(code, 0, err)
        self.assertLess(time.monotonic() - begun, 20)
        self.assert_serves()
        self.assertEqual(HUB.bodies, ["real.gguf"])


if __name__ == "__main__":
    unittest.main()
