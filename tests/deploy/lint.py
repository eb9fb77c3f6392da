"""Checks the files of deploy/ with the tools that read them.

Usage: lint.py CHECK... [--assayd BINARY]

CHECK is the name of a function below without `_check`. Exits with 77 (skipped) if a tool that a
check needs is missing. deploy/requirements/lint.txt lists the tools that come from PyPI.
"""
import argparse
import pathlib
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd/assayd.service"
PLIST = DEPLOY / "launchd/dev.assay.assayd.plist"
DAEMON = "/usr/local/bin/assayd"
# On systemd's scale of 0 (best) to 10. The remaining exposure is the network, the hosts of the Hub
# and MLflow, and the machine code that torch generates.
MAX_EXPOSURE = 1.5
# The keys of launchd.plist(5) that apply to such a daemon.
LAUNCHD_KEYS = {"Label": str, "ProgramArguments": list, "UserName": str, "GroupName": str,
                "Umask": int, "EnvironmentVariables": dict, "RunAtLoad": bool, "KeepAlive": dict,
                "ThrottleInterval": int, "ExitTimeOut": int, "SoftResourceLimits": dict,
                "HardResourceLimits": dict, "ProcessType": str, "WorkingDirectory": str,
                "StandardOutPath": str, "StandardErrorPath": str,}


# What bash 3.2, which macOS has, does not know: pattern, example, remedy. The last row is an error
# at run time: `set -u` takes an empty array for an unset one.
NEWER_THAN_BASH_3_2 = [
    (r"\b(declare|local|typeset)\s+-[a-zA-Z]*[Agn]", "declare -A table", "use plain variables"),
    (r"\b(mapfile|readarray)\b", "mapfile -t lines", "use while read"),
    (r"\$\{\w+(\[[^]]*\])?(,|\^)", "${name,,}", "use tr"),
    (r"\$\{\w+(\[[^]]*\])?@[a-zA-Z]\}", "${name@Q}", "use printf %q"),
    (r"&>>", "make &>>log", "use >>log 2>&1"),
    (r"\|&", "make |& tee log", "use 2>&1 |"),
    (r"\bwait\s+-[nfp]", "wait -n", "wait for each process id"),
    (r"\bcoproc\b", "coproc cat", "use a named pipe"),
    (r";;?&", "a) run ;;&", "use separate case commands"),
    (r"\[\[?\s+(!\s+)?-[vR]\s", "[[ -v name ]]", "use ${name+set}"),
    (r"\$\{\w+:[^}:]+:\s*-", "${name:0:-1}", "use ${name%?}"),
    (r"\$\{\w+\[\s*-", "${list[-1]}", "use a positive index"),
    (r"\bprintf\s+(-v\s+\w+\s+)?['\"]?[^'\"]*%\([^)]*\)T", "printf '%(%F)T'", "use date"),
    (r"\bshopt\s+-s\s+.*(globstar|lastpipe|inherit_errexit)", "shopt -s globstar", "use find"),
    (r"(exec\s+|[<>])\{\w+\}[<>]?", "exec {log}>file", "use a fixed descriptor"),
    (r"\$\{?(BASHPID|EPOCH(SECONDS|REALTIME)|SRANDOM)\b", "$EPOCHSECONDS", "use $$ or date"),
    (r"(?<![\w+])\"\$\{\w+\[[@*]\]\}\"", 'run "${options[@]}"',
     'use ${options[@]+"${options[@]}"}'),
]


class MissingTool(Exception):
    """Raised if a tool is not installed."""


def tool(name):
    in_venv = pathlib.Path(sys.executable).parent / name
    found = str(in_venv) if in_venv.exists() else shutil.which(name)
    if not found:
        raise MissingTool(f"{name} is not installed (SETUP_LINT=1 deploy/setup.sh)")
    return found


def run(*command):
    print("$", *command, flush=True)
    subprocess.run(command, cwd=ROOT, check=True)


def load(path):
    return yaml.safe_load(path.read_text())


def seconds(text):
    return float(str(text).removesuffix("s"))


def drain_seconds(config):
    return seconds(load(config)["limits"]["drain_timeout"])


def shell_check(_):
    scripts = [*DEPLOY.rglob("*.sh"), *(ROOT / ".ci").glob("*"), *(ROOT / "tests").rglob("*.sh")]
    run(tool("shellcheck"), *[str(script.relative_to(ROOT)) for script in sorted(scripts)])


def bash32_check(_):
    for pattern, example, _ in NEWER_THAN_BASH_3_2:
        assert re.search(pattern, example), f"{pattern} does not find {example}"
    names = subprocess.run(["git", "ls-files", "*.sh", ".ci"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    faults = []
    for name in names:
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            if not line.lstrip().startswith("#"):
                faults += [f"{name}:{number}: bash 3.2 has no {example}: {remedy}"
                           for pattern, example, remedy in NEWER_THAN_BASH_3_2
                           if re.search(pattern, line)]
    assert names and not faults, "\n".join(faults)
    print(len(names), "scripts have no construct that bash 3.2 lacks")
    old_bash = shutil.which("bash-3.2")
    for name in names if old_bash else []:
        run(old_bash, "-n", name)


def dockerfile_check(_):
    run(tool("hadolint"), "deploy/Dockerfile")


def compose_check(_):
    path = DEPLOY / "compose.yaml"
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec",
        str(path.relative_to(ROOT)))
    # Docker Compose parses the file; this needs no Docker engine.
    run(tool("docker-compose"), "--file", str(path.relative_to(ROOT)), "config", "--quiet")
    compose = load(path)
    for name, service in compose["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert tag not in ("", "latest") and tag[-1].isdigit(), (
            f"{name}: {service['image']} has no fixed tag")
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} is published to the network"
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "healthcheck" in service or name == "assayd", f"{name} has no health check"
        for other, dependency in service.get("depends_on", {}).items():
            assert other in compose["services"], f"{name}: depends on {other}"
            assert dependency["condition"] in ("service_started", "service_healthy"), (
                f"{name}: {dependency}")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = (DEPLOY / source).exists() if source.startswith(".") else source in compose[
                "volumes"]
            assert known, f"{name}: the volume {source} does not exist"
    grace = seconds(compose["services"]["assayd"]["stop_grace_period"])
    assert grace > drain_seconds(DEPLOY / "container/assayd.yaml"), (
        "assayd is killed before it has drained")


def systemd_check(options):
    analyze = tool("systemd-analyze")
    unit = UNIT.read_text()
    settings = dict(line.split("=", 1) for line in unit.splitlines()
                    if "=" in line and not line.startswith("#"))
    assert seconds(settings["TimeoutStopSec"]) > drain_seconds(DEPLOY / "service/assayd.yaml")
    with tempfile.TemporaryDirectory() as folder:
        # `verify` requires that the program exists.
        copy = pathlib.Path(folder) / UNIT.name
        copy.write_text(unit.replace(DAEMON, options.assayd or "/bin/true"))
        # Unknown settings are only warnings, so stderr must be empty.
        verified = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
        assert verified.returncode == 0 and not verified.stderr, verified.stderr
        run(analyze, "security", "--offline=true", "--no-pager",
            f"--threshold={round(MAX_EXPOSURE * 10)}", str(copy))


def launchd_check(_):
    job = plistlib.loads(PLIST.read_bytes())
    for key, value in job.items():
        assert key in LAUNCHD_KEYS, f"{key} is not a key of launchd"
        assert type(value) is LAUNCHD_KEYS[key], f"{key}: {value!r}"
    assert job["Label"] == PLIST.stem
    assert job["ProgramArguments"][0] == DAEMON
    assert all(isinstance(word, str)
               for word in job["ProgramArguments"] + list(job["EnvironmentVariables"].values()))
    assert job["RunAtLoad"] and job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["ExitTimeOut"] > drain_seconds(DEPLOY / "service/assayd.yaml")
    print(PLIST.relative_to(ROOT), "ok")


def grafana_check(_):
    compose = load(DEPLOY / "compose.yaml")["services"]
    mounted = [volume.split(":")[1] for volume in compose["grafana"]["volumes"]]
    for path in sorted((DEPLOY / "grafana/provisioning").rglob("*.yml")):
        content = load(path)
        assert content["apiVersion"] == 1, path
        for provider in content.get("providers", []):
            assert provider["type"] == "file" and provider["options"]["path"] in mounted, path
        for source in content.get("datasources", []):
            host, port = source["url"].removeprefix("http://").split(":")
            assert host in compose and compose[host]["ports"][0].endswith(f":{port}"), path
        print(path.relative_to(ROOT), "ok")


def config_check(options):
    if not options.assayd:
        raise MissingTool("--assayd is required")
    # As in docs/tasks/deployment.md, the catalog of the service is the container's.
    catalogs = {"container": "container", "demo": "demo", "plans/standard": "plans/standard",
                "service": "container"}
    for folder, catalog in catalogs.items():
        with tempfile.TemporaryDirectory() as etc:
            shutil.copy(DEPLOY / catalog / "models.yaml", etc)
            # Another user than the daemon's may not write its state folder.
            text, count = re.subn(r"(?m)^state_dir: .*$", "state_dir: state",
                                  (DEPLOY / folder / "assayd.yaml").read_text())
            assert count == 1, folder
            pathlib.Path(etc, "assayd.yaml").write_text(text)
            run(options.assayd, "--config", f"{etc}/assayd.yaml", "--check")


def main():
    checks = {name.removesuffix("_check"): check for name, check in globals().items()
              if name.endswith("_check")}
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="+", choices=checks)
    parser.add_argument("--assayd")
    options = parser.parse_args()
    skipped = False
    for name in options.checks:
        try:
            checks[name](options)
        except MissingTool as missing:
            print(f"SKIPPED: {name}: {missing}")
            skipped = True
        except (AssertionError, subprocess.CalledProcessError) as error:
            sys.exit(f"{name}: {error}")
    sys.exit(SKIPPED if skipped else 0)


if __name__ == "__main__":
    main()
