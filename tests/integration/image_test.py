"""Builds the image of deploy/Dockerfile without a Docker engine and runs it.

Uses buildah with chroot isolation on a base that debootstrap makes: a minimal Debian without
documentation, like debian:bookworm-slim. Takes minutes and gigabytes of disk, and needs root.

The test runs the image with its own user, environment, entry point and health check, and a GGUF
file mounted at /models. If pip is configured with a certificate (PIP_CERT) or a folder of wheels
(PIP_FIND_LINKS), the build gets them as volumes.

Usage: image_test.py [--folder FOLDER]

FOLDER (default var/image) keeps the base and the layers for the next run. The test is not part of
ctest's default run: use cmake -DASSAY_IMAGE_TEST=ON, then ctest -L image. Exits with 77 (skipped)
if something is missing.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import need_model, skip, wait_for  # noqa: E402
from patience import patience  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = "docker.io/library/debian:bookworm-slim"
IMAGE = "localhost/assay:test"
MIRROR = "http://deb.debian.org/debian"
USER = 10001
MODELS = ("default_model: smollm2\nmodels_dir: /models\nmodels:\n"
          "  - { id: smollm2, source: { file: /models/a.gguf }, preload: true }\n")


class Buildah:
    def __init__(self, folder):
        self.folder = folder
        self.command = ["buildah", "--root", str(folder / "store"), "--runroot",
                        str(folder / "run")]

    def start(self, *words, **options):
        return subprocess.Popen([*self.command, *words], cwd=ROOT, **options)

    def run(self, *words):
        subprocess.run([*self.command, *words], cwd=ROOT, check=True)

    def read(self, *words):
        return subprocess.run([*self.command, *words], cwd=ROOT, check=True, capture_output=True,
                              text=True).stdout.strip()


def make_base(buildah):
    if BASE in buildah.read("images", "--format", "{{.Name}}:{{.Tag}}").split():
        return
    with tempfile.TemporaryDirectory(dir=buildah.folder) as name:
        root = pathlib.Path(name) / "root"
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root, MIRROR], check=True,
                       stdout=subprocess.DEVNULL)
        shutil.copy("/usr/share/keyrings/debian-archive-keyring.gpg", root / "usr/share/keyrings")
        (root / "etc/apt/sources.list").write_text(f"deb {MIRROR} bookworm main\n"
                                                   f"deb {MIRROR} bookworm-updates main\n"
                                                   f"deb {MIRROR}-security bookworm-security "
                                                   "main\n")
        for folder in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists",
                       "var/cache/apt/archives"):
            shutil.rmtree(root / folder)
            (root / folder).mkdir()
        container = buildah.read("from", "scratch")
        buildah.run("add", "--quiet", container, str(root), "/")
        buildah.run("commit", "--quiet", "--rm", container, BASE)


def pip_volumes(folder):
    """Returns volumes that give the build this machine's pip configuration."""
    pip, volumes = ["[global]"], []
    certificates, wheels = os.environ.get("PIP_CERT"), os.environ.get("PIP_FIND_LINKS", "")
    if certificates:
        # Debian's ca-certificates adds it when it is installed.
        volumes.append(f"{certificates}:/usr/local/share/ca-certificates/machine.crt:ro")
        pip.append("cert = /etc/ssl/certs/ca-certificates.crt")
    if pathlib.Path(wheels).is_dir() and wheels:
        volumes.append(f"{wheels}:{wheels}:ro")
        pip.append(f"find-links = {wheels}")
    (folder / "pip.conf").write_text("\n".join(pip) + "\n")
    cache = folder / "ccache"
    cache.mkdir(exist_ok=True)
    volumes += [f"{folder / 'pip.conf'}:/etc/pip.conf:ro", f"{cache}:/root/.cache/ccache"]
    return [word for volume in volumes for word in ("--volume", volume)]


def build(buildah):
    # Docker's format, because OCI's has no health check.
    buildah.run("build", "--isolation", "chroot", "--pull-never", "--layers", "--format", "docker",
                *pip_volumes(buildah.folder), "--file", "deploy/Dockerfile", "--tag", IMAGE, ".")


def descendant(pid, name):
    """Returns the process `name` below pid, or None if it does not exist yet."""
    children = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields["PPid"]), []).append((int(fields["Pid"]), fields["Name"]))
    below = [(pid, "")]
    for parent, _ in below:
        below += children.get(parent, [])
    return next((found for found, its_name in below if its_name == name), None)


def check_image(buildah):
    image = json.loads(buildah.read("inspect", "--type", "image", IMAGE))["Docker"]
    config = image["config"]
    assert config["User"] == f"{USER}:{USER}", config["User"]
    assert set(config["ExposedPorts"]) == {"50051/tcp", "9464/tcp"}, config["ExposedPorts"]
    assert config["StopSignal"] == "SIGTERM" and "OMP_WAIT_POLICY=passive" in config["Env"], config
    assert "org.opencontainers.image.revision" in config["Labels"], config["Labels"]
    assert config["Healthcheck"]["Test"][0] == "CMD", config["Healthcheck"]
    return config


def check_libraries(run):
    """Checks that no library is missing and that torch's are in the image's own folder."""
    for program in ("assay", "assayd"):
        libraries = run("ldd", f"/usr/local/bin/{program}").splitlines()
        assert not [line for line in libraries if "not found" in line], libraries
        torch = [line.split()[2] for line in libraries if "libtorch_cpu" in line]
        assert torch == (
            ["/usr/local/bin/../lib/assay/libtorch_cpu.so"] if program == "assayd" else []), torch


def run_inside(buildah, folder):
    """Runs the image in a new network namespace, in which its ports are free."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    config = check_image(buildah)
    shutil.copytree(ROOT / "deploy/container", folder / "etc")
    (folder / "etc/models.yaml").write_text(MODELS)
    (folder / "models").mkdir()
    shutil.copy(need_model(), folder / "models/a.gguf")
    container = buildah.read("from", "--pull-never", IMAGE)
    words = ["run", "--isolation", "chroot", "--volume", f"{folder}/etc:/etc/assay:ro", "--volume",
             f"{folder}/models:/models:ro", container, "--"]
    daemon = None

    def run(*command):
        return buildah.read(*words, *command)

    try:
        check_libraries(run)
        print(run("id"), "|", run("assayd", "--version"), "|",
              run(*config["Entrypoint"], "--check"))
        with (folder / "assayd.log").open("wb") as log:
            daemon = buildah.start(*words, *config["Entrypoint"], stdout=log, stderr=log)
        health = config["Healthcheck"]["Test"][1:]

        def healthy():
            assert daemon.poll() is None, (folder / "assayd.log").read_text()
            return subprocess.run([*buildah.command, *words, *health], capture_output=True,
                                  text=True).stdout.strip() == "serving"

        wait_for("assayd", healthy)
        print(" ".join(health) + ": serving")
        print(run("assay", "generate", "--max-new-tokens", "24", "Three uses of a model registry:"))
        pid = wait_for("its process", lambda: descendant(daemon.pid, "assayd"))
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}" in status, status
        os.kill(pid, 15)
        assert daemon.wait(patience(45)) == 0, (folder / "assayd.log").read_text()
        assert '"event":"stopped"' in (folder / "assayd.log").read_text()
        # The image's volume, whose folder belongs to the image's user.
        assert "evaluations.sqlite" in run("ls", "/var/lib/assay"), run("ls", "-la", "/var/lib")
    except BaseException:
        log = folder / "assayd.log"
        print(log.read_text() if log.exists() else "no log")
        raise
    finally:
        if daemon is not None and daemon.poll() is None:
            os.kill(descendant(daemon.pid, "assayd") or daemon.pid, 9)
        buildah.run("rm", container)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "var/image")
    parser.add_argument("--inside", action="store_true",
                        help="already running in the network namespace")
    args = parser.parse_args()
    if os.geteuid() != 0:
        skip("root is required")
    for program in ("buildah", "debootstrap", "unshare", "ip"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    need_model()
    args.folder.mkdir(parents=True, exist_ok=True)
    buildah = Buildah(args.folder.absolute())
    if args.inside:
        with tempfile.TemporaryDirectory() as name:
            os.chmod(name, 0o755)
            run_inside(buildah, pathlib.Path(name))
        return
    make_base(buildah)
    build(buildah)
    print("image:", buildah.read("images", "--format", "{{.Size}}", IMAGE))
    subprocess.run(["unshare", "--net", sys.executable, __file__, "--folder",
                    str(args.folder.absolute()), "--inside"], check=True)
    print("ok")


if __name__ == "__main__":
    main()
