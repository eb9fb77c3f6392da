"""Checks who may call what: every RPC with every kind of caller, and the limits of keys.

The expected roles are those of the table in docs/SECURITY.md, so the page stays true, and an RPC
that it lacks fails the test.

Usage: access_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if
grpcio-tools or the model is missing.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlflow_server import Assayd, need_model, skip, wait_for  # noqa: E402

try:
    import grpc
    import rpc_walker
except ImportError as error:
    skip(f"{error}; run `make setup`")

SECURITY = pathlib.Path(__file__).resolve().parents[2] / "docs/SECURITY.md"
ROLES = ("generate", "evaluate", "metrics", "admin")
MODELS = (f"default_model: small\nmodels:\n  - {{ id: small, source: {{ file: '{need_model()}' }}, "
          "context_length: 4096, content_types: [linkedin] }\n"
          f"  - {{ id: other, source: {{ file: '{need_model()}' }}, context_length: 512 }}\n")
GENERATE = "assay.v1.InferenceService/Generate"
STREAM = "assay.v1.InferenceService/GenerateStream"
NOBODY = 65534
WRONG_KEY = "assay_" + "0" * 77


def documented_roles():
    """Returns {"assay.v1.Service/Method": {role, ...}} of the table in docs/SECURITY.md."""
    text = SECURITY.read_text().split("### Who may call what")[1].split("\n#")[0]
    table = {}
    for roles, methods in re.findall(r"^\| ([a-z, ]+) \| (.*) \|$", text, re.MULTILINE):
        for service, names in re.findall(r"`(\w+)`: ([\w, ]+)", methods):
            for name in names.split(", "):
                table[f"assay.v1.{service}/{name}"] = set(roles.split(", ")) | {"admin"}
    return table


class Caller:
    """Calls RPCs with one key, or without one."""

    def __init__(self, walker, key=None):
        self.walker = walker
        self.metadata = [("authorization", f"Bearer {key}")] if key else []
        self.request_id = None

    def stub(self, name):
        method = self.walker.methods()[name]
        reply = rpc_walker.message_factory.GetMessageClass(method.output_type)
        kind = (self.walker.channel.unary_stream if method.server_streaming
                else self.walker.channel.unary_unary)
        return kind(f"/{name}", request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=reply.FromString)

    def start(self, name, /, timeout=120, **fields):
        """Begins a stream and returns it."""
        identity = [("x-request-id", self.request_id)] if self.request_id else []
        return self.stub(name)(self.walker.make(name, **fields), timeout=timeout,
                               metadata=self.metadata + identity)

    def code(self, name, /, timeout=120, **fields):
        """Returns the status code of a call, and its message."""
        try:
            result = self.start(name, timeout=timeout, **fields)
            if self.walker.methods()[name].server_streaming:
                for _ in result:
                    pass
            return grpc.StatusCode.OK, ""
        except grpc.RpcError as failed:
            return failed.code(), failed.details()


class Bed:
    """A daemon that requires keys, and the CLI at its Unix socket."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.socket = f"unix:{folder}/state/assayd.sock"
        self.daemon = self.start()

    def start(self):
        daemon = Assayd(self.args.assayd, self.folder, "access", MODELS,
                        "access: { keys: required }\nlog: { level: debug }\n")
        self.walker = rpc_walker.Walker(daemon.listen)
        return daemon

    def restart(self):
        self.daemon.stop()
        self.daemon = self.start()

    def assay(self, *words, key=None, check=True, address=None):
        environment = {**os.environ, "ASSAY_API_KEY": key or ""}
        done = subprocess.run([self.args.assay, "--address", address or self.socket, *words],
                              capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0 or not check, (words, done.stdout, done.stderr)
        return done

    def key(self, name, *options):
        return self.assay("keys", "create", name, *options).stdout.strip()

    def caller(self, key=None):
        return Caller(self.walker, key)


def check_matrix(bed):
    expected = documented_roles()
    methods = bed.walker.methods()
    assert set(expected) == set(methods), set(expected) ^ set(methods)
    callers = {role: bed.caller(bed.key(role, "--role", role)) for role in ROLES}
    callers |= {"no key": bed.caller(), "wrong key": bed.caller(WRONG_KEY),
                "malformed key": bed.caller("x")}
    counts = {"allowed": 0, "denied": 0, "unauthenticated": 0}
    for method, allowed in sorted(expected.items()):
        for name, caller in callers.items():
            caller.request_id = f"{method}:{name.replace(' ', '-')}"
            code, message = caller.code(method, timeout=10)
            if name not in ROLES:
                kind = "unauthenticated"
                assert code == grpc.StatusCode.UNAUTHENTICATED, (method, name, code, message)
            elif name in allowed:
                kind = "allowed"
                assert code not in (grpc.StatusCode.UNAUTHENTICATED,
                                    grpc.StatusCode.PERMISSION_DENIED), (method, name, message)
            else:
                kind = "denied"
                assert code == grpc.StatusCode.PERMISSION_DENIED, (method, name, code, message)
            counts[kind] += 1
    print(f"matrix: {len(methods)} RPCs x {len(callers)} callers: {counts}")
    check_log_names_keys(bed, methods, callers)


def check_log_names_keys(bed, methods, callers):
    """Each call of the matrix has one line in the log, which says with which key it was made."""
    missing = bed.walker.channel.unary_unary("/assay.v1.ModelService/NoSuchMethod")
    try:
        missing(b"", timeout=60, metadata=[("x-api-key", WRONG_KEY),
                                           ("x-request-id", "no-such-method")])
        raise AssertionError("a method that does not exist answers")
    except grpc.RpcError as failed:
        assert failed.code() == grpc.StatusCode.UNIMPLEMENTED, failed
    expected = {"no-such-method": (None, "true")}
    for method in methods:
        for name in callers:
            known = (name, None) if name in ROLES else (None, None if name == "no key" else "true")
            expected[f"{method}:{name.replace(' ', '-')}"] = known

    def logged():
        seen = {}
        for line in bed.daemon.log.read_text().splitlines():
            fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if fields.get("request_id") in expected and "method" in fields:
                seen.setdefault(fields["request_id"], []).append(
                    (fields.get("key"), fields.get("unknown_key")))
        return seen
    # A line is written after the reply is sent.
    wait_for("the lines of all calls", lambda: len(logged()) >= len(expected), 60)
    seen = logged()
    wrong = {identity: (seen.get(identity), keys) for identity, keys in expected.items()
             if seen.get(identity) != [keys]}
    assert not wrong, wrong
    print(f"log: {len(seen)} calls name their keys")


def check_open_doors(bed):
    """Health is open; reflection, and the metrics without their role, are not."""
    channel = bed.walker.channel
    health = channel.unary_unary("/grpc.health.v1.Health/Check")
    assert health(b"", timeout=60) == b"\x08\x01"
    reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
    try:
        list(reflect(iter([b""]), timeout=60))
        raise AssertionError("reflection answers")
    except grpc.RpcError as failed:
        assert failed.code() == grpc.StatusCode.UNIMPLEMENTED, failed

    def scrape(key):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(bed.daemon.metrics, headers=headers),
                                        timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
    seen = {key: scrape(key) for key in (None, "x")}
    seen |= {role: scrape(bed.key(f"scrape-{role}", "--role", role)) for role in ROLES}
    assert seen == {None: 401, "x": 401, "generate": 403, "evaluate": 403, "metrics": 200,
                    "admin": 200}, seen
    print("health open, reflection off, metrics:", seen)


def check_limits(bed):
    slow = dict(model="small", prompt="Tell a long story.", maxNewTokens=3000, raw=True)
    rate = bed.caller(bed.key("rate", "--role", "generate", "--requests-per-minute", "3"))
    codes = [rate.code("assay.v1.ModelService/ListModels") for _ in range(5)]
    assert [code == grpc.StatusCode.OK for code, _ in codes] == [True] * 3 + [False] * 2, codes
    assert codes[4][0] == grpc.StatusCode.RESOURCE_EXHAUSTED, codes[4]
    assert "requests_per_minute" in codes[4][1], codes[4]

    # A caller that sends one call after the other has one place.
    serial = bed.caller(bed.key("serial", "--role", "generate", "--max-concurrent", "1"))
    for _ in range(500):
        code, message = serial.code("assay.v1.ModelService/ListModels")
        assert code == grpc.StatusCode.OK, (code, message)

    single = bed.caller(bed.key("single", "--role", "generate", "--max-concurrent", "1"))
    stream = single.start(STREAM, **slow)
    next(stream)
    code, message = single.code("assay.v1.ModelService/ListModels")
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED and "max_concurrent" in message, message
    stream.cancel()
    wait_for("the place of the cancelled call", lambda: single.code(
        "assay.v1.ModelService/ListModels")[0] == grpc.StatusCode.OK)

    quota_key = bed.key("quota", "--role", "generate", "--tokens-per-day", "100")
    quota = bed.caller(quota_key)
    # A request that is cut off counts too.
    stream = quota.start(STREAM, **slow)
    tokens = 0
    for event in stream:
        tokens += len(event.delta.tokens) if event.HasField("delta") else 0
        if tokens > 100:
            break
    stream.cancel()

    def spent():
        code, message = quota.code(GENERATE, model="small", prompt="Hi", maxNewTokens=4)
        return code == grpc.StatusCode.RESOURCE_EXHAUSTED and "tokens_per_day" in message
    wait_for("the quota of tokens", spent, 60)
    bed.restart()
    assert bed.caller(quota_key).code(GENERATE, model="small", prompt="Hi")[0] == (
        grpc.StatusCode.RESOURCE_EXHAUSTED), "a restart gives the quota again"

    listed = bed.caller(bed.key("listed", "--role", "generate", "--role", "evaluate", "--model",
                                "small"))
    assert listed.code(GENERATE, model="small", prompt="Hi", maxNewTokens=2)[0] == (
        grpc.StatusCode.OK)
    assert listed.code(GENERATE, prompt="Hi", maxNewTokens=2)[0] == grpc.StatusCode.OK
    for method, fields in (
            (GENERATE, dict(model="other", prompt="Hi")),
            (STREAM, dict(model="other", prompt="Hi")),
            ("assay.v1.InferenceService/Likelihood",
             dict(model="other", context="a", continuations=["b"])),
            ("assay.v1.EmbeddingService/Embed", dict(model="other", input=["a"])),
            ("assay.v1.EvaluationService/Evaluate",
             dict(candidates=[{"name": "a", "model": "other"}], ownPromptsOnly=True, anyway=True,
                  prompts=[{"id": "p", "contentType": "linkedin", "prompt": "Hello"}]))):
        code, message = listed.code(method, **fields)
        assert code == grpc.StatusCode.PERMISSION_DENIED and "small" in message, (method, message)
    print("limits: rate, concurrency, tokens over a restart, models")


def check_lifetime(bed):
    brief = bed.key("brief", "--role", "generate", "--expires", "2s")
    caller = bed.caller(brief)
    wait_for("the key to expire", lambda: caller.code("assay.v1.ModelService/ListModels")[0] == (
        grpc.StatusCode.UNAUTHENTICATED), 60)
    wait_for("the line of an expired key", lambda: re.search(
        r"key=brief status=unauthenticated", bed.daemon.log.read_text()), 60)
    key = bed.key("revoked", "--role", "generate")
    caller = bed.caller(key)
    stream = caller.start(STREAM, model="small", prompt="Tell a story.", maxNewTokens=400, raw=True)
    next(stream)
    bed.assay("keys", "revoke", "revoked")
    code, message = caller.code("assay.v1.ModelService/ListModels")
    assert code == grpc.StatusCode.UNAUTHENTICATED, (code, message)
    assert list(stream)[-1].HasField("completed"), "the running call was cut off"
    listing = bed.assay("keys", "list").stdout
    assert "brief" in listing and "revoked" not in listing, listing
    again = bed.assay("keys", "create", "brief", "--role", "generate", check=False)
    assert again.returncode == 1 and "ALREADY_EXISTS" in again.stderr, again.stderr
    print("lifetime: expiry, revocation")


def connect_as_nobody(path):
    """Returns what another user of this machine sees at the socket. Must be called by root."""
    outcomes = ("may not connect", "turned away", "let in", "another error")
    child = os.fork()
    if child == 0:
        outcome = 3
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(60)
                client.connect(str(path))
                outcome = 2 if client.recv(1) else 1
        except PermissionError:
            outcome = 0
        except ConnectionError:
            outcome = 1
        finally:
            os._exit(outcome)
    return outcomes[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]


def check_socket(bed):
    path = bed.folder / "state/assayd.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, oct(path.stat().st_mode)
    missing = bed.assay("models", check=False, address=bed.daemon.listen)
    assert missing.returncode == 1 and f"unix:{path}" in missing.stderr, missing.stderr
    if os.geteuid() == 0:
        for folder in (bed.folder, bed.folder / "state"):
            folder.chmod(0o755)
        assert connect_as_nobody(path) == "may not connect"
        path.chmod(0o777)
        assert connect_as_nobody(path) == "turned away"
        path.chmod(0o600)
    print("Unix socket: this user alone")


def check_traces(bed, keys):
    """No key shows in the log, the state folder or the audit log, which has the calls of admins."""
    entries = [json.loads(line) for line in
               (bed.folder / "state/audit.jsonl").read_text().splitlines()]
    seen = {(entry["method"].split("/")[1], entry["status"]) for entry in entries}
    for expected in (("CreateKey", "OK"), ("RevokeKey", "OK"), ("SetRoutes", "OK"),
                     ("SetRoutes", "PERMISSION_DENIED")):
        assert expected in seen, (expected, seen)
    assert not any(status == "UNAUTHENTICATED" for _, status in seen), seen
    denied = next(entry for entry in entries if entry["status"] == "PERMISSION_DENIED")
    assert denied["key"] in ROLES and denied["caller"].startswith("key:"), denied
    texts = {"log": bed.daemon.log.read_text()}
    for path in (bed.folder / "state").rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes().decode(errors="replace")
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for place, text in texts.items():
        assert not any(key in text for key in keys), f"{place} has a key"
    print(f"audit log: {len(entries)} entries; no key in {sorted(texts)}")


def check_exposure(args, folder):
    """assayd does not listen to other machines without TLS and keys, unless told to."""
    (folder / "models.yaml").write_text(MODELS)
    cases = (("", 2), ("access: { keys: required }", 2), ("insecure: true", 0))
    for settings, expected in cases:
        config = folder / "exposed.yaml"
        config.write_text(f"listen: 0.0.0.0:0\ncatalog: models.yaml\nstate_dir: s\n{settings}\n")
        done = subprocess.run([args.assayd, "--config", config, "--check"], capture_output=True,
                              text=True, timeout=300)
        assert done.returncode == expected, (settings, done)
        assert expected == 0 or "tls is not set" in done.stderr, done.stderr
    print("exposure: refused without TLS and keys")


def check_broken_files(args, folder):
    """assayd --check reports the file that would stop the start, and leaves no trace."""
    (folder / "models.yaml").write_text(MODELS)
    config, state = folder / "broken.yaml", folder / "broken"
    keys = '{"version": 1, "keys": [{"id": "1f"}]}'
    cases = (
        ("state/keys.json", keys, ""),
        ("state/routes.json", "routes: {email: {rule: fixed, model: [", ""),
        ("state/lock/file", "", ""),
        ("audit.jsonl/file", "", "access: { audit_log: broken/audit.jsonl }"),
        ("other", "", "access: { audit_log: broken/missing/audit.jsonl }"),
        ("other", "", "evaluation: { readers: { encoder: missing } }"),
        ("other", "", "evaluation: { judge: { model: missing } }"),
        ("other", "", "metrics: { listen: '127.0.0.1' }"),
        ("other", "", f"access: {{ unix_socket: {'s' * 108} }}"))

    def run(settings, *words):
        config.write_text("listen: 127.0.0.1:0\ncatalog: models.yaml\nstate_dir: broken/state\n"
                          f"{settings}\n")
        done = subprocess.run([args.assayd, "--config", config, *words], capture_output=True,
                              text=True, timeout=300)
        return done.returncode, done.stderr.strip().splitlines()[-1:]

    def files():
        return {path: (path.stat().st_mtime_ns, path.stat().st_mode)
                for path in [state, *state.rglob("*")]}
    state.mkdir()
    before = files()
    assert run("", "--check") == (0, []), run("", "--check")
    assert files() == before, files()
    for name, text, settings in cases:
        shutil.rmtree(state)
        path = state / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        before = files()
        code, checked = run(settings, "--check")
        assert code == 2 and checked, (name, settings, code, checked)
        assert files() == before, (name, settings, files(), before)
        _, started = run(settings)
        assert started == checked, (name, settings, started, checked)
    print(f"--check: reports {len(cases)} errors as the start does, and changes nothing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assayd", required=True)
    parser.add_argument("--assay", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_exposure(args, folder)
        check_broken_files(args, folder)
        bed = Bed(args, folder)
        keys = []
        create = bed.key
        bed.key = lambda *words: keys.append(create(*words)) or keys[-1]
        try:
            start = time.monotonic()
            check_matrix(bed)
            check_open_doors(bed)
            check_limits(bed)
            check_lifetime(bed)
            check_socket(bed)
            bed.daemon.stop()
            check_traces(bed, keys)
            print(f"ok, {time.monotonic() - start:.0f} s")
        finally:
            if bed.daemon.process.poll() is None:
                bed.daemon.kill()


if __name__ == "__main__":
    main()
