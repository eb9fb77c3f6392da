"""Runs the real Envoy with deploy/envoy in front of a real assayd, and calls and attacks both.

Usage: envoy_test.py --assayd BINARY --assay BINARY (run by ctest). Exits with 77 (skipped) if the
model or a package is missing. The credentials come from the commands of docs/tasks/envoy.md.
"""
import argparse
import contextlib
import datetime
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(pathlib.Path(__file__).parent / "attacks")]
try:
    import grpc
    import jwt
    import stubs
    from cryptography.hazmat.primitives.asymmetric import rsa
    from envoy_gateway import PATIENCE, Gateway, check
    from http2 import CONTINUATION, FRAME_BYTES, HEADERS, Flood, RawConnection, frame
    from mlflow_server import free_port, seconds_until, wait_for
    from serving.daemon import Daemon
except ModuleNotFoundError as missing:
    print(f"envoy_test: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

MODEL = ROOT / "var/models/smollm2-135m-instruct-q4_1.gguf"
LIST = "assay.v1.ModelService/ListModels"
CODE = grpc.StatusCode
# grpc.health.v1.HealthCheckResponse with the status SERVING.
SERVING = b"\x08\x01"
# Envoy's own limit of a call, unless the route has another.
ROUTE_SECONDS = 15
FLOOD_SECONDS = 5
LENGTH = stubs.inference.FINISH_REASON_LENGTH
# The flood resets some ten thousand calls before Envoy closes its connections.
MAX_FLOOD_LINES = 5000
# The bucket of a caller in envoy.yaml.
BURST = 60


def claims(caller="anna", roles=("generate",), seconds=600, **more):
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"iss": "assay", "aud": "assay", "sub": caller, "roles": list(roles), "iat": now,
            "exp": now + datetime.timedelta(seconds=seconds), **more}


class Bed:
    """assayd, Envoy in front of it, and a stream that runs for longer than Envoy's own limit."""

    def __init__(self, daemon, gateway, assay):
        self.daemon, self.gateway, self.assay = daemon, gateway, assay

    def outcome(self, token):
        with self.gateway.client(token) as client:
            return client.outcome()

    def refused(self, claim, token, expected=CODE.UNAUTHENTICATED):
        code, details = self.outcome(token)
        check(f"{claim} is refused", code == expected, (code, details))


def no_token(bed):
    bed.refused("a call without a token", None)
    with bed.gateway.client() as client:
        reply = client.health(b"", timeout=PATIENCE)
        check("health needs no token", reply == SERVING, reply)
    plain = grpc.insecure_channel(bed.gateway.address)
    with plain, contextlib.suppress(grpc.FutureTimeoutError):
        grpc.channel_ready_future(plain).result(2)
        check("a connection without TLS fails", False, "ready")
    return "UNAUTHENTICATED; health is served"


def bad_tokens(bed):
    key = (bed.gateway.private / "tokens.key").read_bytes()
    kid = {"kid": (bed.gateway.private / "tokens.kid").read_text()}
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    without_caller = claims()
    del without_caller["sub"]
    without_expiry = claims()
    del without_expiry["exp"]
    bad = {"a token that is none": "nonsense",
           "an expired token": jwt.encode(claims(seconds=-3600), key, "ES256", kid),
           "a token of another issuer": jwt.encode(claims(iss="other"), key, "ES256", kid),
           "a token without a caller": jwt.encode(without_caller, key, "ES256", kid),
           "a token without an expiry": jwt.encode(without_expiry, key, "ES256", kid),
           "a token of a stranger": jwt.encode(claims(), stranger, "RS256", kid),
           "an unsigned token": jwt.encode(claims(), None, "none", kid),
           # The public key is no secret, so it must not serve as a shared one.
           "a token signed with the public key": jwt.encode(
               claims(), json.loads((bed.gateway.etc / "jwks.json").read_text())["keys"][0]["x"],
               "HS256", kid)}
    for claim, token in bad.items():
        bed.refused(claim, token)
    other = jwt.encode(claims(aud="other"), key, "ES256", kid)
    bed.refused("a token of another audience", other, CODE.PERMISSION_DENIED)
    code, details = bed.outcome(jwt.encode(claims(), key, "ES256", kid))
    check("the same token without a fault is accepted", code == CODE.OK, details)
    token = jwt.encode(claims(), bed.gateway.rsa_key, "RS256", {"kid": "provider"})
    code, details = bed.outcome(token)
    check("a token of another issuer's RSA key is accepted", code == CODE.OK, details)
    return f"{len(bad)} kinds: UNAUTHENTICATED; another audience: PERMISSION_DENIED"


def roles(bed):
    unload = stubs.model.UnloadModelRequest(id="m")
    routes = stubs.model.GetRoutesRequest()
    with bed.gateway.client(bed.gateway.token("anna", "generate", "evaluate")) as client:
        code, details = client.outcome(lambda: client.models.UnloadModel(
            unload, timeout=PATIENCE, metadata=client.metadata))
        check("only admin may unload", code == CODE.PERMISSION_DENIED, (code, details))
    with bed.gateway.client(bed.gateway.token("root", "admin")) as client:
        client.models.GetRoutes(routes, timeout=PATIENCE, metadata=client.metadata)
    return "PERMISSION_DENIED without the role"


def generate(bed):
    check("the page makes a token", len(bed.gateway.tokens) == 1, bed.gateway.tokens)
    with bed.gateway.client(bed.gateway.tokens[0]) as client:
        request = stubs.inference.GenerateRequest(model="m", prompt="Hello", max_new_tokens=8)
        reply = client.inference.Generate(request, timeout=600, metadata=client.metadata)
        check("a text is generated", reply.text, reply)
        start, times = time.monotonic(), []
        for message in client.stream(200):
            times.append(time.monotonic() - start)
        check("the last message completes the stream", message.HasField("completed"), message)
        check("messages come one by one", len(times) > 10, len(times))
        check("the first message comes before the last", times[0] < times[-1] / 2, times)
    return f"{len(times)} messages, the first after {times[0]:.2f} s, the last {times[-1]:.2f} s"


def command_line(bed):
    """Writes a text with `assay`, which sends the token as its key."""
    done = subprocess.run(
        [bed.assay, "generate", "--model", "m", "--max-new-tokens", "8", "Hello"], check=False,
        capture_output=True, text=True, timeout=600,
        env={"ASSAY_ADDRESS": bed.gateway.address, "ASSAY_API_KEY": bed.gateway.token(),
             "ASSAY_CA": str(bed.gateway.private / "ca.crt")})
    check("assay writes a text", done.returncode == 0 and done.stdout.strip(), done)
    return f"{len(done.stdout)} bytes"


def rate_limit(bed):
    calls = 3 * BURST
    busy_token, quiet_token = bed.gateway.token("busy"), bed.gateway.token("quiet")
    with bed.gateway.client(busy_token) as busy, bed.gateway.client(quiet_token) as quiet:
        pending = [busy.models.ListModels.future(
            stubs.model.ListModelsRequest(), timeout=PATIENCE, metadata=busy.metadata)
            for _ in range(calls)]
        served = [quiet.outcome() for _ in range(10)]
        codes = [call.code() for call in pending]
    refused = codes.count(CODE.RESOURCE_EXHAUSTED)
    check("calls beyond the bucket are refused", refused > 0, codes)
    check("the bucket's calls are served", codes.count(CODE.OK) >= BURST, codes)
    check("nothing else happens", codes.count(CODE.OK) + refused == calls, set(codes))
    check("another caller is served", all(code == CODE.OK for code, _ in served), served)
    wait_for("the full bucket", lambda: bed.outcome(busy_token)[0] == CODE.OK)
    return f"{calls} calls at once: {refused} RESOURCE_EXHAUSTED; another caller: 10 of 10 served"


def binary_header(bed):
    """Sends a binary header that is no base64. gRPC 1.51 closes a connection with such a header."""
    header = [("authorization", f"Bearer {bed.gateway.token('attacker')}"), ("x-bin", "!!!")]
    with bed.gateway.client(bed.gateway.token()) as client:
        stream = client.stream(50)
        next(stream)
        with RawConnection(bed.gateway.address, timeout=PATIENCE, tls=bed.gateway.tls(),
                           metadata=header) as connection:
            call = connection.start(LIST)
            connection.flush()
            status = connection.ends([call])[call]
        check("the header is removed", status == "0", status)
        check("the stream of another goes on", list(stream)[-1].HasField("completed"), "cut")
    return "removed; the stream of another caller goes on"


def header_string(bed):
    """Sends a header of 16 MiB in parts, which gRPC 1.51 collects at a growing cost."""
    sent = 0
    with RawConnection(bed.gateway.address, timeout=PATIENCE, tls=bed.gateway.tls()) as connection:
        # Literal, not indexed, name of 5 bytes, value of 2**24 bytes (RFC 7541).
        part = b"\x00\x05x-pad\x7f\x81\xff\xff\x07"
        with contextlib.suppress(OSError):
            connection.socket.sendall(frame(HEADERS, 0, 1, part))
            while sent < 2**24:
                connection.socket.sendall(frame(CONTINUATION, 0, 1, b"z" * FRAME_BYTES))
                sent += FRAME_BYTES
    check("Envoy closes the connection", sent < 2**22, sent)
    code, details = bed.outcome(bed.gateway.token())
    check("another client is served", code == CODE.OK, details)
    return f"closed after {sent / 1024:.0f} KiB at most"


def large_headers(bed):
    with bed.gateway.client(bed.gateway.token()) as client, bed.gateway.client(
            bed.gateway.token("quiet")) as quiet:
        client.metadata.append(("x-padding", "x" * 20000))
        code, details = client.outcome()
        check("large headers are refused", code != CODE.OK, details)
        check("another client is served", quiet.outcome()[0] == CODE.OK, "not served")
    return f"20 kB of headers: {code.name}"


def renewal(bed):
    def served():
        with socket.create_connection(("127.0.0.1", bed.gateway.port)) as connection:
            with bed.gateway.tls().wrap_socket(connection, server_hostname="localhost") as tls:
                return tls.getpeercert()["serialNumber"]

    before = served()
    with bed.gateway.client(bed.gateway.token()) as client:
        stream = client.stream(100)
        next(stream)
        bed.gateway.make("certificate", "--host", "localhost")
        seconds = seconds_until("the new certificate", lambda: served() != before)
        check("the stream goes on", list(stream)[-1].HasField("completed"), "cut")
    return f"new certificate after {seconds:.1f} s; no stream cut"


def rapid_reset(bed):
    """Two clients with a valid token start and cancel calls as fast as they can."""
    def p99(seconds):
        # 8 calls per second are within the caller's rate.
        times, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            start = time.monotonic()
            code, details = victim.outcome()
            check("a call beside the attack succeeds", code == CODE.OK, (code, details))
            times.append(time.monotonic() - start)
            time.sleep(0.125)
        return sorted(times)[int(0.99 * len(times))]

    header = [("authorization", f"Bearer {bed.gateway.token('attacker')}")]
    stop, sent, connections = threading.Event(), [0], [0]

    def attack():
        while not stop.is_set():
            with contextlib.suppress(OSError, ConnectionError):
                flood = Flood(bed.gateway.address, LIST, b"", tls=bed.gateway.tls(),
                              metadata=header)
                connections[0] += 1
                while not stop.is_set():
                    flood.send(100)
                    sent[0] += 100

    with bed.gateway.client(bed.gateway.token("victim")) as victim:
        before = p99(3)
        threads = [threading.Thread(target=attack) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            during = p99(FLOOD_SECONDS)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    found = (f"{sent[0] / FLOOD_SECONDS:.0f} calls/s on {connections[0]} connections; p99 of "
             f"another {1000 * before:.0f} -> {1000 * during:.0f} ms")
    check("Envoy closes the attacker's connections", connections[0] > 2, found)
    check("another client hardly notices", during < max(2 * before, 0.1) + 1, found)
    return found


def killed_and_back(bed):
    with bed.gateway.client(bed.gateway.token("late")) as client:
        stream = client.stream(1800)
        next(stream)
        bed.daemon.kill()
        code, details = client.outcome(lambda: list(stream))
        # Envoy has sent the headers already, so it can only reset the stream.
        check("a running stream ends with an error", code == CODE.INTERNAL, (code, details))
        log = bed.gateway.log
        down = seconds_until("the loss of health", lambda: '"eject_unhealthy_event"' in log())
        code, details = client.outcome()
        check("the error is clear", code == CODE.UNAVAILABLE and details == "no healthy upstream",
              (code, details))
        bed.daemon.start()
        up = seconds_until("service", lambda: client.outcome()[0] == CODE.OK)
        wait_for("the return of health", lambda: '"add_healthy_event"' in log())
    return (f"unhealthy after {down:.1f} s: UNAVAILABLE, {details}; served {up:.1f} s after the "
            "start")


def long_stream(bed, found):
    """Generates for longer than Envoy lets a call run by default."""
    with bed.gateway.client(bed.gateway.token("long")) as client:
        start = time.monotonic()
        try:
            for message in client.stream(1400):
                last = message
            found["end"] = last.completed.finish_reason
        except grpc.RpcError as error:
            found["end"] = error.code()
        found["seconds"] = time.monotonic() - start


CHECKS = (no_token, bad_tokens, roles, generate, command_line, rate_limit, binary_header,
          header_string, large_headers, renewal, rapid_reset)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", required=True, type=pathlib.Path)
    parser.add_argument("--assay", required=True, type=pathlib.Path)
    args = parser.parse_args()
    if not MODEL.exists():
        print(f"envoy_test: skipped: {MODEL} does not exist; run make setup", file=sys.stderr)
        sys.exit(SKIPPED)
    address = f"127.0.0.1:{free_port()}"
    models = [{"id": "m", "source": {"file": str(MODEL)}}]
    with Daemon(args.assayd.absolute(), models, 2, listen=address) as daemon, \
            Gateway(address) as gateway:
        bed, found = Bed(daemon, gateway, args.assay.absolute()), {}
        thread = threading.Thread(target=long_stream, args=(bed, found))
        thread.start()
        try:
            for function in CHECKS:
                print(f"{function.__name__}: {function(bed)}", flush=True)
        finally:
            thread.join()
        print(f"long_stream: {found}", flush=True)
        check("the long stream was not cut", found["end"] == LENGTH, found)
        if found["seconds"] < ROUTE_SECONDS:
            print("long_stream: this machine is too fast to show that Envoy does not cut it")
        print(f"killed_and_back: {killed_and_back(bed)}", flush=True)
        check("envoy.yaml has no deprecated field", "eprecated" not in gateway.log(), gateway.log())
        check("no token is logged", "eyJ" not in gateway.log(), "a token in Envoy's log")
        check("the access log names callers", '"caller":"busy"' in gateway.log(), gateway.log())
        lines = gateway.log().count("http2.remote_reset")
        check("a flood does not fill the log", lines < MAX_FLOOD_LINES, lines)


if __name__ == "__main__":
    main()
