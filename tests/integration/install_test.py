"""Tests that an installed tree works after it was moved, with torch's and Arrow's libraries from that tree.

Usage: install_test.py --build FOLDER --cmake PROGRAM (run by ctest). Exits with 77 (skipped) if the
model is missing.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, need_model, wait_for  # noqa: E402


def libraries(pid):
    """Returns the shared libraries that the process has mapped."""
    return {line.split(maxsplit=5)[5].strip()
            for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--cmake", required=True)
    args = parser.parse_args()
    model = need_model()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run(
            [args.cmake, "--install", args.build, "--prefix", folder / "first", "--strip"],
            check=True, stdout=subprocess.DEVNULL)
        moved = (folder / "first").rename(folder / "moved")
        files = sorted(str(file.relative_to(moved)) for file in moved.rglob("*") if file.is_file())
        print(*files)
        assert files[:2] == ["bin/assay", "bin/assayd"] and all(
            file.startswith("lib/assay/") or file == "share/assay/assay.cdx.json"
            for file in files[2:]), files
        for program in ("assay", "assayd"):
            version = subprocess.run([moved / "bin" / program, "--version"], check=True,
                                     capture_output=True, text=True).stdout
            assert version.startswith(program + " "), version
        daemon = Assayd(str(moved / "bin/assayd"), folder, "assayd",
                        "default_model: small\nmodels:\n"
                        f"  - {{ id: small, source: {{ file: '{model}' }}, context_length: 512 "
                        f"}}\n", "")
        try:
            assay = [moved / "bin/assay", "--address", daemon.listen]
            wait_for("assay health", lambda: subprocess.run([*assay, "health"]).returncode == 0)
            text = subprocess.run([*assay, "generate", "--max-new-tokens", "8", "Hello"],
                                  check=True, capture_output=True, text=True).stdout
            assert text.strip(), text
            # The forecast of an evaluation of a Parquet file needs the program that reads tables.
            table = pathlib.Path(__file__).parents[1] / "golden/tables/messages.parquet"
            forecast = subprocess.run(
                [*assay, "evaluate", "--dry-run", "--content-type", "blog", "--prompts", table],
                check=True, capture_output=True, text=True).stdout
            assert forecast.strip(), forecast
            assert any("libparquet" in file for file in files), files
            if pathlib.Path("/proc/self/maps").exists():
                torch = [path for path in libraries(daemon.process.pid)
                         if "libtorch" in path or "libc10" in path]
                assert torch and all(
                    os.path.realpath(path).startswith(os.path.realpath(moved)) for path in torch), (
                        torch)
            daemon.stop()
        finally:
            daemon.kill()
    print("ok")


if __name__ == "__main__":
    main()
