"""Writes sampling.json: the probabilities of transformers' logits warpers for a row of logits.

    python tests/golden/runtime/make_sampling.py     (needs torch and transformers)
"""
import json
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
]


def probabilities(logits, temperature, top_p, top_k):
    scores = TemperatureLogitsWarper(temperature)(None, logits[None])
    if top_k > 0:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1.0:
        scores = TopPLogitsWarper(top_p)(None, scores)
    return torch.softmax(scores.double(), -1)[0].tolist()


torch.manual_seed(3)
row = torch.randn(40) * 2
cases = [{"params": c, "probabilities": probabilities(row, **c)} for c in CASES]
path = pathlib.Path(__file__).with_name("sampling.json")
path.write_text(json.dumps({"logits": row.tolist(), "cases": cases}) + "\n")
