"""Attacks a real assayd on loopback and checks that other clients hardly notice.

Each attack is one row of docs/SECURITY.md's table, which names the function here.

Usage: attacks_test.py --assayd BINARY --assay BINARY [--attack NAME] (run by ctest). Exits with 77
(skipped) if the model or a package is missing. Runs on Linux only: memory comes from /proc.
"""
import argparse
import contextlib
import pathlib
import signal
import ssl
import struct
import sys
import tempfile
import threading
import time

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(ROOT / "bench"), str(HERE), str(HERE / "attacks")]
try:
    import grpc
    import stubs
    from assay.v1 import evaluation_pb2_grpc as evaluation_grpc
    from bed import LIST, MIB, MODEL, WRITE_SECONDS, Bed, Failures, check, percentile
    from certificates import Authority
    from http2 import FRAME_BYTES, Flood, frame
    from patience import patience
except ModuleNotFoundError as missing:
    print(f"attacks_test: skipped: {missing}", file=sys.stderr)
    sys.exit(SKIPPED)

STREAM = "assay.v1.InferenceService/GenerateStream"
# Machines are shared: what must take a second is given more.
PATIENCE = patience(5)
MAX_STREAMS = 100
# The greatest message of assayd.yaml's defaults.
MESSAGE_BYTES = 4 * MIB
QUIET_REQUESTS, QUIET_TOKENS, QUIET_SECONDS = 30, 8, 5
# A prompt that the model continues until it reaches max_new_tokens.
COUNTING = ", ".join(str(number) for number in range(1, 20)) + ","


def unread_replies(args):
    """15 clients that never read hold 100 calls each."""
    with Bed(args) as bed, contextlib.ExitStack() as stack:
        streams = []
        for _ in range(15):
            connection = stack.enter_context(bed.connect(window=0))
            streams.append([connection.start(LIST) for _ in range(MAX_STREAMS)])
            connection.flush()
            last = connection
        check("a connection has a limit of streams",
              last.h2.remote_settings.max_concurrent_streams == MAX_STREAMS,
              last.h2.remote_settings.max_concurrent_streams)
        slowest = max(bed.serves() for _ in range(5))
        status, output, _ = bed.cli("health")
        check("health tells the truth", status == 0 and output == "serving\n", output)
        start = time.monotonic()
        last.ends(streams[-1])
        waited = time.monotonic() - start
        check("unread replies are given up", waited < WRITE_SECONDS + PATIENCE, waited)
    return f"slowest call of another client {1000 * slowest:.0f} ms; given up after {waited:.1f} s"


def unread_streams(args):
    """Four clients let a text be generated and never read it; then the model is unloaded."""
    request = stubs.inference.GenerateRequest(model="m", prompt="Count to a hundred.",
                                              max_new_tokens=64)
    with Bed(args, preload=True) as bed, contextlib.ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(bed.connect(window=0))
            connection.start(STREAM, request.SerializeToString())
            connection.flush()
        time.sleep(1)
        status, output, seconds = bed.cli("unload", "m")
        check("the model can be unloaded", status == 0, output)
    return f"unloaded after {seconds:.1f} s"


def no_descriptors(args):
    """Opens connections until the process has no descriptor left, then closes them."""
    found = []
    for files in (64, 256):
        with Bed(args, files=files) as bed:
            held = []
            with contextlib.suppress(OSError, ConnectionError):
                for _ in range(files + 100):
                    held.append(bed.connect(timeout=2))
            for connection in held:
                connection.socket.close()
            start = time.monotonic()
            while True:
                with contextlib.suppress(OSError, ConnectionError), bed.connect(timeout=2):
                    break
                check("connections are accepted again", time.monotonic() - start < 30, files)
            seconds = time.monotonic() - start
            bed.serves()
            check("the first free descriptor is used", seconds < 2 + PATIENCE, seconds)
            found.append(f"{files} files: {len(held)} connections, served again after {seconds:.2f} s")
    return "; ".join(found)


def rapid_reset(args):
    """Starts and cancels calls for 10 s, connecting again and again.

    Two clients do it as fast as they can, or at 15,000 calls a second.
    """
    found = []
    for payload, rate in ((None, 15_000), (None, None), (b"", None)):
        with Bed(args) as bed:
            bed.victim(50)
            before = percentile(bed.victim(300), 0.99)
            memory = bed.memory()
            stop, sent = threading.Event(), [0]

            def attack():
                while not stop.is_set():
                    with contextlib.suppress(OSError, ConnectionError):
                        flood = Flood(bed.daemon.address, LIST, payload)
                        while not stop.is_set():
                            flood.send(200)
                            sent[0] += 200
                            due = start + sent[0] / rate if rate else 0
                            time.sleep(max(due - time.monotonic(), 0))

            threads = [threading.Thread(target=attack) for _ in range(2)]
            start = time.monotonic()
            for thread in threads:
                thread.start()
            peak, times = 0, []
            try:
                while time.monotonic() < start + 10:
                    times += bed.victim(20)
                    peak = max(peak, bed.memory() - memory)
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            p99 = percentile(times, 0.99)
            found.append(f"{sent[0] / 10:.0f} calls/s sent; p99 of others {1000 * before:.0f} -> "
                         f"{1000 * p99:.0f} ms; +{peak:.0f} MiB")
            # Unlimited, the clients and the server share the processors, and the server notices
            # late.
            check("memory stays", peak < (512 if rate is None else 150), found)
            slack = 1 if rate is None else 0.1
            check("others are served", p99 < max(2 * before, 0.1) + slack, found)
    return "; ".join(found)


def second_signal(args):
    """Sends SIGTERM twice while long generations run."""
    request = stubs.inference.GenerateRequest(model="m", prompt=COUNTING, raw=True,
                                              max_new_tokens=1800)
    with Bed(args, preload=True) as bed, bed.connect() as connection:
        for _ in range(4):
            connection.start(STREAM, request.SerializeToString())
        connection.flush()
        time.sleep(1)
        bed.daemon.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        check("running requests may finish", bed.daemon.process.poll() is None, "stopped at once")
        start = time.monotonic()
        bed.daemon.process.send_signal(signal.SIGTERM)
        bed.daemon.process.wait(60)
        seconds = time.monotonic() - start
        check("a second signal ends it", seconds < 1 + PATIENCE, seconds)
    return f"stopped after {seconds:.2f} s"


def drain_limit(args):
    """Sends SIGTERM while four heavy calls run; the drain has 2 s."""
    text = "word " * 20000
    request = stubs.inference.LikelihoodRequest(model="m", text=text)
    with Bed(args, limits={"drain_timeout": "2s"}, preload=True) as bed, \
            bed.connect(timeout=120) as connection:
        for _ in range(4):
            connection.start("assay.v1.InferenceService/Likelihood", request.SerializeToString())
        connection.flush()
        time.sleep(1)
        start = time.monotonic()
        bed.daemon.process.send_signal(signal.SIGTERM)
        bed.daemon.process.wait(120)
        seconds = time.monotonic() - start
        check("the drain ends in time", seconds < 2 + 2 + PATIENCE, seconds)
    return f"stopped after {seconds:.2f} s of at most 4 s"


def default_deadline(args):
    """Leaves a call without a deadline running."""
    request = stubs.inference.GenerateRequest(model="m", prompt=COUNTING, raw=True,
                                              max_new_tokens=1800)
    with Bed(args, limits={"default_deadline": "1s"}, preload=True) as bed, \
            bed.connect() as connection:
        start = time.monotonic()
        stream = connection.start(STREAM, request.SerializeToString())
        connection.flush()
        status = connection.ends([stream])[stream]
        seconds = time.monotonic() - start
        check("it ends with DEADLINE_EXCEEDED", status == "4", status)
        check("it ends in time", seconds < 1 + PATIENCE, seconds)
    return f"ended after {seconds:.2f} s"


def endless_headers(args):
    """Four connections each send one header of 1 GiB in parts (CVE-2023-33953), plain and in TLS."""
    # RFC 7541: a literal with a name of 5 bytes and a value of 2**30 bytes.
    head = b"\x00\x05x-pad\x7f\x81\xff\xff\xff\x03"
    found = []
    for is_tls in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)
            certificate, key = authority.issue("server")
            tls = ssl.create_default_context(cafile=authority.path)
            tls.set_alpn_protocols(["h2"])
            settings = {"tls": {"certificate": str(certificate), "key": str(key)}} if is_tls else {}
            with Bed(args, client_tls=tls if is_tls else None, **settings) as bed:
                before = percentile(bed.victim(100), 0.99)
                end = time.monotonic() + 10
                closed = []

                def attack():
                    with contextlib.suppress(OSError), bed.connect(timeout=10) as connection:
                        connection.socket.sendall(frame(1, 0, 1, head))
                        while time.monotonic() < end:
                            connection.socket.sendall(frame(9, 0, 1, b"z" * 16384))
                    closed.append(time.monotonic() < end)

                threads = [threading.Thread(target=attack) for _ in range(4)]
                for thread in threads:
                    thread.start()
                times = []
                while time.monotonic() < end:
                    times += bed.victim(5)
                for thread in threads:
                    thread.join()
                worst = max(times)
                found.append(f"{'TLS' if is_tls else 'plain'}: {sum(closed)} of 4 closed, "
                             f"{len(times)} calls of others, p99 {1000 * before:.0f} -> "
                             f"{1000 * percentile(times, 0.99):.0f} ms, worst {worst:.2f} s")
                check("the connections are closed", all(closed), found)
                check("others are served", worst < 1 + PATIENCE, found)
    return "; ".join(found)


def send_all_but_one_byte(connection, streams):
    """Starts calls whose message lacks its last byte. Raises OSError if the server closes."""
    h2, left = connection.h2, {}
    head = struct.pack(">BI", 0, MESSAGE_BYTES)
    for _ in range(streams):
        stream = h2.get_next_available_stream_id()
        h2.send_headers(stream, connection.headers(LIST))
        h2.send_data(stream, head)
        left[stream] = MESSAGE_BYTES - 1
    connection.flush()
    while any(left.values()):
        sent = False
        for stream in left:
            size = min(left[stream], h2.local_flow_control_window(stream), FRAME_BYTES)
            if size <= 0:
                continue
            h2.send_data(stream, b"m" * size)
            left[stream] -= size
            sent = True
        connection.flush()
        if not sent:
            connection.receive()


def incomplete_requests(args):
    """6 connections have 60 requests of 4 MiB each that lack one byte, and connect again."""
    with Bed(args) as bed:
        bed.victim(50)
        memory, end = bed.memory(), time.monotonic() + 10
        closed = []

        def attack():
            while time.monotonic() < end:
                try:
                    with bed.connect() as connection:
                        send_all_but_one_byte(connection, 60)
                        while time.monotonic() < end:
                            connection.receive()
                except OSError:
                    closed.append(time.monotonic())

        threads = [threading.Thread(target=attack) for _ in range(6)]
        for thread in threads:
            thread.start()
        peak, times = 0, []
        while time.monotonic() < end:
            times += bed.victim(5)
            peak = max(peak, bed.memory() - memory)
        for thread in threads:
            thread.join()
        with grpc.insecure_channel(bed.daemon.address) as channel:
            # Unknown fields, so that the message may have any size.
            call = channel.unary_unary(f"/{LIST}")
            request = b"\xc2\x3e" + varint(MESSAGE_BYTES - 100) + b"m" * (MESSAGE_BYTES - 100)
            uploads = [call.future(request, timeout=PATIENCE) for _ in range(40)]
            failed = [upload for upload in uploads if upload.exception()]
        seen = (f"{len(closed)} connections closed; +{peak:.0f} MiB; {len(times)} calls of others, "
                f"worst {max(times):.2f} s; {len(uploads) - len(failed)} of {len(uploads)} "
                "complete requests side by side")
        check("memory stays", peak < 256 + 256, seen)
        check("others are served", max(times) < 1 + PATIENCE, seen)
        check("complete requests are served", not failed, (seen, failed[:1]))
        return seen


def varint(number):
    """Returns the bytes of a number as Protocol Buffers write it."""
    low = bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
    return low + varint(number >> 7) if number > 0x7F else low


def begin_and_cancel(args):
    """One client begins evaluations and cancels them as fast as it can, for 10 s."""
    found = []
    for name, size in (("the built-in prompts", 0), ("2 MiB of prompts", 2 * MIB)):
        with Bed(args, preload=True) as bed, grpc.insecure_channel(bed.daemon.address) as channel:
            stub = evaluation_grpc.EvaluationServiceStub(channel)
            request = stubs.evaluation.EvaluateRequest(models=["m"], repeats=1, anyway=True)
            if size:
                request.own_prompts_only = True
                request.prompts.add(id="p", content_type="linkedin", prompt="x" * (size // 4))
                for number in range(3):
                    request.prompts.add(id=f"p{number}", content_type="linkedin",
                                        prompt="x" * (size // 4))
            # One evaluation to its end, so that the model is loaded and has worked.
            warm = stubs.evaluation.EvaluateRequest(models=["m"], repeats=1, anyway=True,
                                                    max_new_tokens=8, prompts_per_type=1)
            *_, last = stub.Evaluate(warm, timeout=120)
            check("an evaluation succeeds", last.summary.state == 2, last)
            begin_one(stub, request)
            time.sleep(1)
            before, end, count = bed.memory(), time.monotonic() + 10, [0]

            def attack():
                while time.monotonic() < end:
                    begin_one(stub, request)
                    count[0] += 1

            threads = [threading.Thread(target=attack) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak, stored = bed.memory() - before, folder_bytes(bed.daemon) / MIB
            settle = time.monotonic() + 20
            while (bed.memory() - before > 32 or folder_bytes(bed.daemon) > 8 * MIB) and \
                    time.monotonic() < settle:
                time.sleep(0.5)
            kept, left = bed.memory() - before, folder_bytes(bed.daemon) / MIB
            listed = len(stub.ListEvaluations(
                stubs.evaluation.ListEvaluationsRequest(limit=1000)).evaluations)
            bed.serves()
        found.append(f"{name}: {count[0]} begun, {listed} kept, {stored:.1f} MiB stored, then {left:.1f}; "
                     f"+{peak:.0f} MiB at the end, +{kept:.0f} MiB after it")
        check("memory is given back", kept <= 32, found)
        check("few records are kept", listed <= 102, found)
        # One running and four waiting evaluations, twice, and SQLite's log.
        check("the store stays small", stored <= 40, found)
        check("the disk gets the rest back", left <= 8, found)
    return "; ".join(found)


def begin_one(stub, request):
    """Begins an evaluation, cancels it and leaves. A full queue is no failure."""
    call = stub.Evaluate(request, timeout=60)
    with contextlib.suppress(grpc.RpcError):
        started = next(call).started
        stub.CancelEvaluation(stubs.evaluation.CancelEvaluationRequest(id=started.id), timeout=60)
    call.cancel()


def folder_bytes(daemon):
    folder = daemon.log_path.parent / "state"
    return sum(path.stat().st_size for path in folder.iterdir())


def greedy_client(args):
    """One connection keeps 100 long streams of priority 100; another one asks for short texts."""
    greedy = stubs.inference.GenerateRequest(model="m", prompt=COUNTING, raw=True, priority=100,
                                             max_new_tokens=1800).SerializeToString()
    quiet = stubs.inference.GenerateRequest(model="m", prompt="One word:", raw=True,
                                            max_new_tokens=QUIET_TOKENS).SerializeToString()
    with Bed(args, limits={"max_wait": "2s"}, preload=True) as bed, \
            bed.connect() as attacker, bed.connect() as victim:
        stop, refused = threading.Event(), [0]

        def attack():
            running = set()
            while not stop.is_set():
                while len(running) < MAX_STREAMS:
                    running.add(attacker.start(STREAM, greedy))
                attacker.flush()
                # Those that are refused are sent again.
                ended = attacker.ends_of_some()
                refused[0] += len(ended)
                running -= set(ended)
                time.sleep(0.05)

        def ask():
            start = time.monotonic()
            stream = victim.start(STREAM, quiet, seconds=QUIET_SECONDS)
            victim.flush()
            return victim.ends([stream])[stream], time.monotonic() - start

        check("an idle daemon answers", ask()[0] == "0", "no answer")
        thread = threading.Thread(target=attack)
        thread.start()
        try:
            time.sleep(3)
            answers = [ask() for _ in range(QUIET_REQUESTS)]
        finally:
            stop.set()
            thread.join()
        served = sum(status == "0" for status, _ in answers)
        slowest = max(seconds for _, seconds in answers)
        found = (f"{served} of {len(answers)} answered within {QUIET_SECONDS} s, the slowest after "
                 f"{slowest:.1f} s; {refused[0]} of the greedy client's refused")
        check("the quiet client gets 95 % of its answers", served >= 0.95 * len(answers), found)
    return found


ATTACKS = {attack.__name__.replace("_", "-"): attack for attack in (
    unread_replies, unread_streams, no_descriptors, rapid_reset, second_signal, drain_limit,
    default_deadline, endless_headers, incomplete_requests, begin_and_cancel, greedy_client)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assayd", required=True, type=pathlib.Path)
    parser.add_argument("--assay", required=True, type=pathlib.Path)
    parser.add_argument("--attack", choices=ATTACKS, action="append",
                        help="run only this attack; may be repeated (default: all)")
    args = parser.parse_args()
    args.assayd, args.assay = args.assayd.absolute(), args.assay.absolute()
    if not MODEL.exists():
        print(f"attacks_test: skipped: {MODEL} does not exist; run make setup", file=sys.stderr)
        sys.exit(SKIPPED)
    failed = False
    for name in args.attack or ATTACKS:
        try:
            print(f"{name}: {ATTACKS[name](args)}", flush=True)
        except Failures as failure:
            failed = True
            print(f"{name}: FAILED: {failure}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
