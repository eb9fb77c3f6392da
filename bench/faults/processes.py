"""Processes killed while they work, and a full disk."""
import random
import resource
import signal
import subprocess
import threading
import time

from faults.bed import STEADY, TestBed, BackgroundLoad, await_true, entry
from faults.finding import Finding
from patience import patience

RUNNING_STREAMS, STREAM_TOKENS = 4, 1500
WRITING_SECONDS = 0.5
RESTART_SECONDS = patience(30)
CANCELLED_LOADS = 12
# Kernel and allocator keep some memory; a leak would keep the weights of every load.
MAX_GROWTH_SHARE = 0.5
FAILED_EXIT = 1
# The evaluation cannot begin, because the disk is full.
EXHAUSTED_EXIT = 5
EVALUATION_WORDS = ("evaluate", "--model", STEADY, "--content-type", "linkedin", "--prompts", "2",
                    "--max-new-tokens", "16")


def kill_while_running(bed, finding):
    """Kills the daemon once it reports all streams as running: a busy machine may start late."""
    started = await_true(lambda: bed.daemon.state()[1] == RUNNING_STREAMS, RESTART_SECONDS)
    finding.check(f"all {RUNNING_STREAMS} streams were running when it was killed",
                  started is not None)
    time.sleep(WRITING_SECONDS)
    bed.daemon.kill()


def killed(args):
    """Kills the daemon with SIGKILL during streams and restarts it in the same folder."""
    finding = Finding("Daemon killed (kill -9) in the middle of requests",
                      f"{RUNNING_STREAMS} streams running for {WRITING_SECONDS:g} s, SIGKILL, "
                      "restart in the same folder")
    with TestBed(args) as bed:
        bed.ask(STEADY)
        plan = [bed.long_request(STEADY, STREAM_TOKENS) for _ in range(RUNNING_STREAMS)]
        killer = threading.Thread(target=kill_while_running, args=(bed, finding))
        killer.start()
        cut = finding.count(bed.client.play(plan)["outcomes"])
        killer.join()
        finding.check("every running stream ends with UNAVAILABLE",
                      all(one["code"] == "UNAVAILABLE" for one in cut),
                      [one["code"] for one in cut])
        finding.check("the streams had received text", any(one["deltas"] for one in cut),
                      [len(one["deltas"]) for one in cut])
        start = time.monotonic()
        bed.daemon.start()
        bed.reconnect()
        answer = finding.count([bed.ask(STEADY)])[0]
        finding.recovery_s, finding.recovery_of = time.monotonic() - start, "start to first answer"
        finding.check(f"it serves again within {RESTART_SECONDS:g} s",
                      answer["code"] == "OK" and finding.recovery_s < RESTART_SECONDS, answer)
        code, _, error = bed.cli("evaluations", "list")
        finding.check("the run store opens", code == 0, error)
        finding.after = bed.after()
        finding.check("it stops with status 0", bed.daemon.stop() == 0)
    return finding


def cancelled_loads(args):
    """Kills clients while their model loads."""
    finding = Finding("Loads cancelled",
                      "`assay load` killed (SIGKILL) after 5 ms to the duration of a load, "
                      f"{CANCELLED_LOADS} times")
    chance = random.Random(args.seed)
    with TestBed(args, [entry(args.model, "cold")]) as bed, BackgroundLoad(bed) as background:
        start = time.monotonic()
        bed.cli("load", "cold")
        whole = time.monotonic() - start
        model_mib = int(bed.model("cold")["details"]["residentBytes"]) / 2**20
        bed.cli("unload", "cold")
        before = bed.memory_mib()
        for _ in range(CANCELLED_LOADS):
            client = subprocess.Popen(bed.cli_words("load", "cold"), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.005, whole))
            client.kill()
            finding.saw["killed" if client.wait() == -signal.SIGKILL else "loaded"] += 1
            await_true(lambda: bed.model("cold")["state"] not in ("MODEL_STATE_LOADING",
                                                                  "MODEL_STATE_DRAINING"),
                       RESTART_SECONDS)
            bed.cli("unload", "cold")
        grown = bed.memory_mib() - before
        finding.check(f"memory grew by less than {MAX_GROWTH_SHARE:.0%} of the model",
                      grown < MAX_GROWTH_SHARE * model_mib,
                      f"{grown:.0f} MiB, the model uses {model_mib:.0f}")
        finding.fact(f"memory grew by {grown:.0f} MiB in total, the model uses {model_mib:.0f}")
        finding.check("no load keeps running",
                      bed.daemon.metrics("assay_model_state{", 'model="cold"', 'state="loading"')
                      == 0)
        start = time.monotonic()
        answer = finding.count([bed.ask("cold")])[0]
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "request to answer, including the load")
        finding.check("the next request loads the model and is answered", answer["code"] == "OK",
                      answer)
        breaker = bed.model("cold")["breaker"]
        finding.check("its breaker is closed", breaker["state"] == "BREAKER_STATE_CLOSED", breaker)
        finding.after = bed.after()
    background.judge(finding)
    return finding


def full_disk(args):
    """Simulates a full disk with a file size limit of the daemon."""
    finding = Finding("Disk full for the run store",
                      "RLIMIT_FSIZE of the running daemon set to 1 byte, an evaluation, requests; "
                      "limit lifted, an evaluation")
    with TestBed(args) as bed:
        pid, unlimited = bed.daemon.process.pid, resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, unlimited))
        with BackgroundLoad(bed) as background:
            code, _, error = bed.cli(*EVALUATION_WORDS)
            finding.saw[f"evaluate: exit status {code}"] += 1
            finding.check("the evaluation fails with a reason",
                          code in (FAILED_EXIT, EXHAUSTED_EXIT) and error.strip(), (code, error))
            finding.fact(f"error: {error.strip().splitlines()[-1] if error.strip() else 'nothing'}")
        background.judge(finding)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        start = time.monotonic()
        code, _, error = bed.cli(*EVALUATION_WORDS)
        finding.recovery_s, finding.recovery_of = (time.monotonic() - start,
                                                   "limit lifted to the end of an evaluation")
        finding.saw[f"then: exit status {code}"] += 1
        finding.check("without the limit an evaluation succeeds", code == 0, error)
        finding.after = bed.after()
        finding.check("it stops with status 0", bed.daemon.stop() == 0)
    return finding
