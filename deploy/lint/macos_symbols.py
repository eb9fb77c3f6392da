"""Checks that the macOS wheel of torch exports every symbol of libtorch that Assay calls.

    python deploy/lint/macos_symbols.py

Compiles engine/runtime for aarch64-macos as cross_compile_macos.py does and looks up what its objects leave undefined
in libtorch's namespaces in the export tables of the wheel's libraries. This finds what a link on a Mac would miss of
libtorch; the other libraries are not looked at. The first run downloads the wheel (about 90 MB) and keeps the names.
Needs ziglang and lief (deploy/requirements/cross.txt).
"""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import cross_compile_macos as cross
import lief

# Mangled names of functions, data, type information and vtables in the namespaces at, c10, torch and caffe2.
TORCH_SYMBOL = re.compile(r"^__Z(?:N|NK|T[VISTh]N?|GV)*\d*?(?:2at|3c10|5torch|6caffe2)\D*")
LIBRARIES = ("torch/lib/libtorch_cpu.dylib", "torch/lib/libc10.dylib", "torch/lib/libtorch.dylib")
SOURCES = "engine/runtime"


def fetch_exports(requirement):
    def fetch(folder):
        wheel = cross.download_torch(requirement)
        names = set()
        with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as temporary:
            for library in LIBRARIES:
                binary = lief.MachO.parse(archive.extract(library, temporary)).at(0)
                names |= {symbol.name for symbol in binary.exported_symbols}
        (folder / "exports.txt").write_text("\n".join(sorted(names)))
        shutil.rmtree(wheel.parent)
    return fetch


def symbols(path):
    """The symbols that an object defines, and those that it leaves undefined."""
    binary = lief.MachO.parse(str(path)).at(0)
    undefined = {s.name for s in binary.symbols if s.type == lief.MachO.Symbol.TYPE.UNDEFINED}
    return {s.name for s in binary.symbols} - undefined, undefined


def main():
    cross.CACHE.mkdir(parents=True, exist_ok=True)
    compiler = cross.Compiler()
    pin = cross.TORCH_PIN.search((cross.ROOT / "deploy/requirements/build.txt").read_text())[0]
    exports = set((cross.fetched(f"exports-{pin}", fetch_exports(pin)) / "exports.txt").read_text().split("\n"))
    sources = [source for source in cross.tracked([SOURCES]) if source not in cross.NOT_FOR_MACOS]
    with tempfile.TemporaryDirectory() as folder:
        def compile_to(number, source):
            path = pathlib.Path(folder) / f"{number}.o"
            messages = compiler.compile(source, path)
            if messages:
                sys.exit(f"{source}\n{messages}")
            return path
        with concurrent.futures.ThreadPoolExecutor(cross.JOBS) as pool:
            objects = list(pool.map(compile_to, range(len(sources)), sources))
        defined, users = set(), {}
        for source, path in zip(sources, objects):
            here, undefined = symbols(path)
            defined |= here
            for name in undefined:
                users.setdefault(name, source)
    called = {name for name in users if TORCH_SYMBOL.match(name)} - defined
    missing = sorted(called - exports)
    for name in missing:
        readable = subprocess.run(["c++filt", name.removeprefix("_")], capture_output=True, text=True).stdout.strip()
        print(f"{users[name]}: torch's macOS libraries lack {readable or name}")
    print(f"{len(sources)} objects call {len(called)} symbols of libtorch; its macOS libraries lack {len(missing)}")
    sys.exit(1 if missing or not called else 0)


if __name__ == "__main__":
    main()
