"""Writes sampling.json: the probabilities of transformers' logits warpers for rows of logits.

They are computed in float64: in float32, a division by 1e-40 gives infinities. JSON has no minus
infinity; null is written for it.

    python tests/golden/runtime/make_sampling.py     (needs torch and transformers)
"""
import json
import math
import pathlib

import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

CASES = [
    {"temperature": 1.0, "top_p": 1.0, "top_k": 0},
    {"temperature": 0.7, "top_p": 1.0, "top_k": 0},
    {"temperature": 1.3, "top_p": 0.9, "top_k": 0},
    {"temperature": 0.8, "top_p": 1.0, "top_k": 5},
    {"temperature": 1.5, "top_p": 0.6, "top_k": 12},
    {"temperature": 0.6, "top_p": 0.3, "top_k": 0},
    {"temperature": 2.0, "top_p": 1.0, "top_k": 0},
    {"temperature": 2.0, "top_p": 0.999999, "top_k": 0},
    {"temperature": 1.0, "top_p": 1.0, "top_k": 41},
    {"temperature": 1.0, "top_p": 0.9, "top_k": 2147483647},
    {"temperature": 1.0, "top_p": 1e-45, "top_k": 0},
    {"temperature": 1.0, "top_p": 1e-45, "top_k": 7},
]
# Each with top_p and top_k off and on.
TEMPERATURES = [1e-45, 1e-40, 1.17549435e-38, 1e-20, 9.9e-6, 1e-5, 1e-3]
FILTERS = [(1.0, 0), (0.9, 0), (1.0, 5), (0.9, 5)]


def probabilities(logits, temperature, top_p, top_k):
    scores = TemperatureLogitsWarper(temperature)(None, logits[None])
    if top_k > 0:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1.0:
        scores = TopPLogitsWarper(top_p)(None, scores)
    return torch.softmax(scores.double(), -1)[0].tolist()


torch.manual_seed(3)
row = torch.randn(40) * 2
masked = row.clone()
masked[::3] = -math.inf
one = torch.full((40,), -math.inf)
one[17] = -3.5
equal = torch.full((40,), 0.25)
CASES += [{"temperature": t, "top_p": p, "top_k": k} for t in TEMPERATURES for p, k in FILTERS]
ROWS = {"row": (row, CASES),
        "masked": (masked, [{"temperature": t, "top_p": p, "top_k": k}
                            for t in (1e-40, 0.7, 2.0) for p, k in [*FILTERS, (0.9, 39)]]),
        "one": (one, [{"temperature": t, "top_p": p, "top_k": k}
                      for t in (1e-40, 2.0) for p, k in FILTERS]),
        "huge": (row * 1e37, [{"temperature": t, "top_p": p, "top_k": k}
                              for t in (1e-40, 1.0, 2.0) for p, k in FILTERS]),
        "equal": (equal, [{"temperature": t, "top_p": 1.0, "top_k": 0} for t in (1e-5, 1.0, 2.0)])}
cases = [{"row": name, "params": c, "probabilities": probabilities(logits.double(), **c)}
         for name, (logits, some) in ROWS.items() for c in some]
path = pathlib.Path(__file__).with_name("sampling.json")
rows = {name: [None if x == -math.inf else x for x in logits.tolist()]
        for name, (logits, _) in ROWS.items()}
path.write_text(json.dumps({"rows": rows, "cases": cases}) + "\n")
