"""Tests deploy/systemd/assayd.service under a real systemd.

Adds systemd to the image that image_test.py built and boots it in new namespaces. Starts, reloads,
stops and restarts the service, generates text, and checks the effect of systemd's sandbox. Needs
root.

Usage: unit_test.py [--folder FOLDER] (the same folder as for image_test.py)

The test is not part of ctest's default run: see image_test.py, which must have run before. Exits
with 77 (skipped) if something is missing.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from image_test import IMAGE, ROOT, Buildah, pip_volumes  # noqa: E402
from mlflow_server import need_model, skip, wait_for  # noqa: E402
from patience import patience  # noqa: E402

BOOTED = "localhost/assay:systemd"
DOCKERFILE = f"""
FROM {IMAGE}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends systemd dbus procps \\
    && userdel assay
COPY service/assayd.yaml service/assayd.env container/models.yaml /etc/assay/
COPY systemd/assayd.service /etc/systemd/system/
RUN systemctl enable assayd.service
"""
MODELS = ("default_model: small\nmodels:\n"
          "  - { id: small, source: { file: /srv/models/a.gguf }, context_length: 512 }\n")
CGROUP = "assay-unit-test"
# Runs in the new namespaces: prepares a root for systemd and starts it. {cgroups} mounts the
# control group that it may manage.
BOOT = """
mount --make-rprivate /
mount --bind {root} {root}
cd {root}
mount -t proc proc proc
mount -t sysfs sysfs sys
{cgroups}
mount -t tmpfs -o mode=755 tmpfs dev
for device in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
  set -- $device
  mknod -m 666 dev/$1 c $2 $3
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir run/old
pivot_root . run/old
cd /
umount -l /run/old
exec env -i container=docker PATH=/usr/local/bin:/usr/bin:/usr/sbin \\
  /lib/systemd/systemd --log-target=console --log-level=warning
"""


def cgroup_top():
    """Returns the path of systemd's hierarchy and the commands that mount it in the new root."""
    top = pathlib.Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        return top, "mount -t cgroup2 cgroup2 sys/fs/cgroup"
    return top / "systemd", ("mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup\n"
                             "mkdir sys/fs/cgroup/systemd\n"
                             "mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd")


@contextlib.contextmanager
def own_cgroup():
    """Puts this process into its own control group for the new systemd; removes it afterwards."""
    top, _ = cgroup_top()
    (top / CGROUP).mkdir(exist_ok=True)
    (top / CGROUP / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (top / "cgroup.procs").write_text(str(os.getpid()))
        for folder, _, _ in os.walk(top / CGROUP, topdown=False):
            os.rmdir(folder)


class Machine:
    """A booted systemd whose console output is written to `log`."""

    def __init__(self, root, log):
        self.script = BOOT.format(root=root, cgroups=cgroup_top()[1])
        self.log = log
        self.pid = None

    def __enter__(self):
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--uts",
                   "--ipc", "--net", "bash", "-ec"]
        with self.log.open("wb") as log:
            self.unshare = subprocess.Popen([*command, self.script], stdout=log, stderr=log)
        try:
            wait_for("systemd", self.has_booted)
        except BaseException:
            self.unshare.kill()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.log.read_text(errors="replace")[-3000:])
            print(self.run("journalctl", "-u", "assayd", "-o", "cat", "-n", "40", code=None))
        os.kill(self.pid, signal.SIGKILL)
        self.unshare.wait()

    def has_booted(self):
        assert self.unshare.poll() is None, "systemd did not start: " + self.log.read_text(
            errors="replace")
        children = pathlib.Path(
            f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text().split()
        if not children or pathlib.Path(
                f"/proc/{children[0]}/comm").read_text().strip() != "systemd":
            return False
        self.pid = int(children[0])
        return self.run("systemctl", "is-system-running", code=None) in ("running", "degraded",
                                                                         "starting")

    def run(self, *words, code=0):
        done = subprocess.run(["nsenter", "--target", str(self.pid), "--all", *words],
                              capture_output=True, text=True, timeout=patience(120))
        assert code is None or done.returncode == code, (words, done.returncode, done.stdout,
                                                         done.stderr)
        return done.stdout.strip()

    def property(self, name):
        return self.run("systemctl", "show", "--value", "--property", name, "assayd")


def check(machine):
    def serves():
        return machine.run("assay", "health", code=None) == "serving"

    wait_for("assayd", serves)
    main = int(machine.property("MainPID"))
    status = dict(line.split(":\t", 1)
                  for line in machine.run("cat", f"/proc/{main}/status").splitlines()
                  if ":\t" in line)
    assert int(status["Uid"].split()[0]) >= 61184, "not a dynamic user"
    assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2"), (
        status)
    # This covers both executors: the CPU kernels, and torch through the check at the start.
    print(machine.run("assay", "generate", "--max-new-tokens", "16",
                      "Three uses of a model registry:"))
    machine.run("assay", "evaluate", "--content-type", "twitter", "--prompts", "1",
                "--max-new-tokens", "8", "--no-wait")
    machine.run("systemctl", "reload", "assayd")
    wait_for("the reload",
             lambda: "catalog added=" in machine.run("journalctl", "-u", "assayd", "-o", "cat"))
    assert int(machine.property("MainPID")) == main
    # systemd restarts the service after a crash.
    machine.run("kill", "-KILL", str(main))
    wait_for("the restart", lambda: machine.property("NRestarts") == "1" and serves())
    assert "succeeded" in machine.run("assay", "evaluations", "list"), "the state was lost"
    machine.run("systemctl", "stop", "assayd")
    assert machine.property("Result") == "success", machine.property("Result")
    # systemd does not restart the service if its configuration is invalid.
    machine.run("sh", "-c", "echo nonsense: 1 >>/etc/assay/assayd.yaml")
    machine.run("systemctl", "start", "assayd", code=None)
    wait_for("the refusal", lambda: machine.property("ActiveState") == "failed")
    assert machine.property("ExecMainStatus") == "2", machine.property("ExecMainStatus")
    print(machine.run("systemd-analyze", "security", "--no-pager", "assayd").splitlines()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "var/image")
    args = parser.parse_args()
    if os.geteuid() != 0:
        skip("root is required")
    for program in ("buildah", "unshare", "nsenter"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    model = need_model()
    buildah = Buildah(args.folder.absolute())
    if not args.folder.exists() or IMAGE not in buildah.read("images", "--format",
                                                             "{{.Name}}:{{.Tag}}").split():
        skip("there is no image; run image_test.py first")
    dockerfile = buildah.folder / "Dockerfile.systemd"
    dockerfile.write_text(DOCKERFILE)
    buildah.run("build", "--isolation", "chroot", "--pull-never", "--layers",
                *pip_volumes(buildah.folder), "--file", str(dockerfile), "--tag", BOOTED, "deploy")
    container = buildah.read("from", "--pull-never", BOOTED)
    try:
        root = pathlib.Path(buildah.read("mount", container))
        # The unit creates its own folders.
        for folder in ("var/lib/assay", "var/cache/huggingface"):
            shutil.rmtree(root / folder)
        (root / "srv/models").mkdir(parents=True)
        shutil.copy(model, root / "srv/models/a.gguf")
        (root / "etc/assay/models.yaml").write_text(MODELS)
        with own_cgroup(), Machine(root, buildah.folder / "systemd.log") as machine:
            check(machine)
    finally:
        buildah.run("umount", container)
        buildah.run("rm", container)
    print("ok")


if __name__ == "__main__":
    main()
