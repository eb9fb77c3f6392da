"""The messages of proto/assay/v1 as Python classes, generated when this module is imported."""
import importlib
import pathlib
import sys
import tempfile

import grpc_tools
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[3]
INCLUDE = pathlib.Path(grpc_tools.__file__).parent / "_proto"


# Removed when the process ends.
_FOLDER = tempfile.TemporaryDirectory(prefix="assay-stubs-")


def _generate():
    folder = _FOLDER.name
    files = [str(path.relative_to(ROOT / "proto")) for path in
             sorted((ROOT / "proto/assay/v1").glob("*.proto"))]
    words = ["protoc", f"-I{ROOT / 'proto'}", f"-I{INCLUDE}", f"--python_out={folder}",
             f"--grpc_python_out={folder}", *files]
    if protoc.main(words) != 0:
        raise RuntimeError("protoc failed: " + " ".join(words))
    sys.path.insert(0, folder)


_generate()
inference = importlib.import_module("assay.v1.inference_pb2")
model = importlib.import_module("assay.v1.model_pb2")
evaluation = importlib.import_module("assay.v1.evaluation_pb2")
