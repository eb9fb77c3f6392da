"""Writes Homebrew's formula of Assay.

    python3 deploy/homebrew/make_formula.py [--url URL --archive FILE] [--homepage URL] [--out FOLDER]

Without --url it packs the commit that is checked out and points the formula to that file, so that a
Mac needs no published release:

    python3 deploy/homebrew/make_formula.py
    brew tap-new local/assay
    cp var/homebrew/assay.rb "$(brew --repository local/assay)/Formula/"
    brew install local/assay/assay && brew services start assay

--url is where a release's archive is published; --archive is the same file here. torch's wheel is
the one for macOS of the version in deploy/requirements/build.txt, from PyPI's index.
"""
import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYPI = "https://pypi.org/pypi/torch/json"
WHEEL = "cp312-cp312-macosx_14_0_arm64.whl"
TIMEOUT_S = 60


def version():
    return re.search(r"project\(assay VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


def torch_version():
    pin = (ROOT / "deploy/requirements/build.txt").read_text()
    return re.search(r"^torch==(\S+)", pin, re.MULTILINE)[1]


def torch_wheel(number):
    """Returns the address and the digest of the wheel."""
    with urllib.request.urlopen(PYPI, timeout=TIMEOUT_S) as reply:
        files = json.load(reply)["releases"].get(number, [])
    wheel = [file for file in files if file["filename"].endswith(WHEEL)]
    if len(wheel) != 1:
        raise SystemExit(f"PyPI has {len(wheel)} wheels torch-{number}-{WHEEL}")
    digest = wheel[0]["digests"]["sha256"]
    # A mirror's index may have addresses of its own. PyPI's contain the file's BLAKE2 digest.
    path = re.search(r"packages/(\w\w/\w\w/\w+/[^/]+)$", wheel[0]["url"])[1]
    return f"https://files.pythonhosted.org/packages/{path}", digest


def pack(folder):
    archive = folder / f"assay-{version()}.tar.gz"
    subprocess.run(["git", "archive", "--format=tar.gz", f"--prefix=assay-{version()}/",
                    f"--output={archive}", "HEAD"], cwd=ROOT, check=True)
    return archive


def formula(url, archive, homepage, wheel):
    values = {"HOMEPAGE": homepage, "URL": url, "VERSION": version(),
              "SHA256": hashlib.sha256(archive.read_bytes()).hexdigest(),
              "TORCH_URL": wheel[0], "TORCH_SHA256": wheel[1]}
    text = (ROOT / "deploy/homebrew/assay.rb.in").read_text()
    return re.sub(r"@([A-Z0-9_]+)@", lambda name: values[name[1]], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="address of the published archive")
    parser.add_argument("--archive", type=pathlib.Path, help="the same archive on this machine")
    parser.add_argument("--homepage", default="https://localhost/assay")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "var/homebrew")
    arguments = parser.parse_args()
    if bool(arguments.url) != bool(arguments.archive):
        parser.error("--url and --archive belong together")
    arguments.out.mkdir(parents=True, exist_ok=True)
    archive = arguments.archive or pack(arguments.out)
    text = formula(arguments.url or archive.resolve().as_uri(), archive, arguments.homepage,
                   torch_wheel(torch_version()))
    path = arguments.out / "assay.rb"
    path.write_text(text)
    print(path)


if __name__ == "__main__":
    main()
