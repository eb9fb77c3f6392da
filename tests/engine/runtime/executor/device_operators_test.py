"""Checks the operators of a decoding step on a device, as they are on the CPU device.

    python device_operators_test.py PROBE CHECKPOINTS [--table]

PROBE is device_step_probe; CHECKPOINTS holds a folder for each architecture. torch's native_functions.yaml says
which operators MPS has a kernel for. The test fails if

- an operator that is neither a view nor made of others has no MPS kernel,
- a step creates a range on the device (arange, linspace, logspace, eye: pytorch issue 197805), or waits for the
  device before its end (item),
- a layer needs more launches than LAUNCHES and EXTRA_LAUNCHES allow, or more for 32 sequences than for two.

A launch is an operator with an MPS kernel that is not called by another one that has a kernel. --table prints the
launches of each architecture as Markdown, for docs/devices.md.
"""

import collections
import json
import pathlib
import subprocess
import sys

import torchgen
import yaml

FORBIDDEN = {"arange", "linspace", "logspace", "eye", "item", "_local_scalar_dense", "nonzero"}
# Operators without work on the device.
VIEWS = {"view", "reshape", "_reshape_alias", "as_strided", "narrow", "slice", "select", "transpose", "t", "permute",
         "expand", "unsqueeze", "squeeze", "detach", "alias", "unflatten", "flatten", "split", "_unsafe_view",
         "empty", "empty_like", "empty_strided", "lift_fresh", "result_type", "resolve_conj", "resolve_neg",
         "view_as", "expand_as", "to"}
# On the CPU these call what MPS has one kernel for.
ONE_KERNEL = {"scaled_dot_product_attention": "_scaled_dot_product_attention_math_for_mps",
              "rms_norm": "_fused_rms_norm", "layer_norm": "native_layer_norm", "linear": "linear",
              "_weight_int4pack_mm_for_cpu": "_weight_int4pack_mm"}
LAUNCHES = 16
# Norms of queries and keys, norms after a block, and Gemma 2's cap on scores, which no fused attention supports: its
# products copy what they read of the KV cache.
EXTRA_LAUNCHES = {"gemma2": 10, "gemma3": 4, "qwen3": 2, "phi_qk_norm": 1, "stablelm": 1}
# A bias is added apart from the product with a matrix of 8 or 4 bits. A matrix in 4 bits whose rows are no whole
# tiles is expanded: that is these operators for `bitwise_and`.
BIASED_MATRICES = 4
EXPANSION = 7
# Their positions depend on the length of the sequence: angles beyond the trained context are computed on the CPU.
HOST_ANGLES = {"llama_dynamic", "phi3_longrope"}


def mps_kernels():
    """{operator: True if MPS has a kernel, False if it is made of others}."""
    path = pathlib.Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
    found = {}
    for entry in yaml.safe_load(path.read_text()):
        name = entry["func"].split("(")[0]
        keys = {key.strip() for keys in entry.get("dispatch", {}) for key in keys.split(",")}
        has_kernel = bool(keys & {"MPS", "CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional"})
        # A structured operator has the kernels of its out= form.
        delegate = entry.get("structured_delegate")
        found[name] = (has_kernel, delegate, not keys or "CompositeImplicitAutograd" in keys)
    kernels = {}
    for name, (has_kernel, delegate, composite) in found.items():
        if delegate:
            has_kernel = has_kernel or found[delegate][0]
        base = name.split(".")[0]
        old = kernels.get(base, (False, True))
        kernels[base] = (old[0] or has_kernel, old[1] and composite and not has_kernel)
    return kernels


def launches(operators, kernels, faults, where):
    """The operators of a step that MPS would launch, in order."""
    counted, skip_below = [], None
    for depth, full_name in operators:
        name = full_name.removeprefix("aten::")
        if name in FORBIDDEN and where.split()[0] not in HOST_ANGLES:
            faults.add(f"{where}: {name} in a step")
        if skip_below is not None and depth > skip_below:
            continue
        skip_below = None
        if name in VIEWS:
            continue
        name = ONE_KERNEL.get(name, name)
        has_kernel, composite = kernels.get(name, (False, False))
        if has_kernel:
            counted.append(name)
            skip_below = depth
        elif not composite:
            faults.add(f"{where}: {name} has no MPS kernel")
    return counted


def main():
    probe, checkpoints = sys.argv[1], pathlib.Path(sys.argv[2])
    folders = sorted(str(path.parent) for path in checkpoints.glob("*/config.json"))
    if not folders:
        sys.exit(f"{checkpoints} holds no checkpoints")
    lines = subprocess.run([probe, *folders], check=True, capture_output=True, text=True).stdout.splitlines()
    kernels, faults, counts = mps_kernels(), set(), collections.defaultdict(dict)
    for line in lines:
        step = json.loads(line)
        where = f"{step['model']} ({step['weights']}, {step['sequences']} sequences)"
        counted = launches(step["operators"], kernels, faults, where)
        counts[step["model"], step["weights"]][step["layers"], step["sequences"]] = counted
    rows = []
    for (model, weights), steps in sorted(counts.items()):
        one, two, many = (len(steps[2, n]) - len(steps[1, n]) for n in (1, 2, 32))
        rows.append((model, weights, one, many, len(steps[1, 1]) - one))
        limit = LAUNCHES + max(extra for name, extra in {**EXTRA_LAUNCHES, "": 0}.items() if model.startswith(name))
        if weights != "full":
            expanded = steps[2, 32].count("bitwise_and") - steps[1, 32].count("bitwise_and")
            limit += BIASED_MATRICES + EXPANSION * expanded
        if many > limit:
            faults.add(f"{model} ({weights}): {many} launches a layer, more than {limit}: {steps[2, 32]}")
        if many != two:
            faults.add(f"{model} ({weights}): {two} launches a layer for 2 sequences, {many} for 32")
    if "--table" in sys.argv:
        print("| Checkpoint | Weights | Launches a layer, 1 sequence | 32 sequences | Outside of the layers |")
        print("|---|---|---:|---:|---:|")
        for row in rows:
            print("| " + " | ".join(map(str, row)) + " |")
    print(f"{len(lines)} steps of {len(folders)} checkpoints, {len(faults)} faults", file=sys.stderr)
    for fault in sorted(faults):
        print(fault, file=sys.stderr)
    sys.exit(bool(faults))


main()
