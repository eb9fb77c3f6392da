"""How long tests wait for what must happen. The limits only end tests that hang, so they are generous."""
import os


def factor():
    """Returns by what factor this machine is slower than a quiet one that runs a release build.

    It is the environment variable ASSAY_TEST_TIMEOUT_FACTOR (of sanitizers; 1 if it is not set) times
    the load per processor, and at least 1.
    """
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return max(1.0, float(os.environ.get("ASSAY_TEST_TIMEOUT_FACTOR") or 1) * max(1.0, load))


def patience(quiet_seconds):
    """Returns the seconds to wait for what takes less than `quiet_seconds` on a quiet machine."""
    return quiet_seconds * factor()
