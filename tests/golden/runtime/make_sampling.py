"""Writes sampling.json: the probabilities of transformers' logits processors for rows of logits.

They are computed in float64: in float32, a division by 1e-40 gives infinities. JSON has no minus
infinity; null is written for it.

    python tests/golden/runtime/make_sampling.py     (needs torch and transformers)
"""
import json
import math
import pathlib

import torch
from transformers import (MinNewTokensLengthLogitsProcessor, MinPLogitsWarper,
                          RepetitionPenaltyLogitsProcessor, SequenceBiasLogitsProcessor,
                          TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
                          TypicalLogitsWarper)

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
CASES += [
    {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.05},
    {"temperature": 1.7, "top_p": 1.0, "top_k": 0, "min_p": 0.3},
    {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 1.0},
    {"temperature": 1.2, "top_p": 0.8, "top_k": 0, "min_p": 0.02},
    {"temperature": 1.2, "top_p": 0.95, "top_k": 20, "min_p": 0.1},
    {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "typical_p": 0.9},
    {"temperature": 0.7, "top_p": 1.0, "top_k": 0, "typical_p": 0.2},
    {"temperature": 1.5, "top_p": 1.0, "top_k": 25, "typical_p": 0.5},
    {"temperature": 1.5, "top_p": 0.9, "top_k": 30, "min_p": 0.03, "typical_p": 0.6},
]
# What changes the logits, with the tokens of the prompt and of the text so far.
PROMPT, GENERATED = [3, 5, 5, 8, 30], [8, 12, 12, 12, 7]
ADJUSTED = [
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8},
    {"presence_penalty": 0.7},
    {"frequency_penalty": 0.4},
    {"presence_penalty": -0.5, "frequency_penalty": 1.1},
    {"logit_bias": {"2": 4.5, "12": -100.0, "7": 1.0}},
    {"min_tokens": 6},
    {"min_tokens": 5},
    {"repetition_penalty": 1.2, "presence_penalty": 0.3, "frequency_penalty": 0.2,
     "logit_bias": {"8": 2.0}, "min_tokens": 9},
]
END_TOKENS = [0, 39]
# Each with top_p and top_k off and on.
TEMPERATURES = [1e-45, 1e-40, 1.17549435e-38, 1e-20, 9.9e-6, 1e-5, 1e-3]
FILTERS = [(1.0, 0), (0.9, 0), (1.0, 5), (0.9, 5)]


def adjusted(logits, repetition_penalty=1.0, presence_penalty=0.0, frequency_penalty=0.0,
             logit_bias=None, min_tokens=0):
    """Returns the log-probabilities after the penalties and the bias.

    transformers has no presence and frequency penalty; they follow the OpenAI API's formula.
    """
    ids = torch.tensor([PROMPT + GENERATED])
    scores = logits[None]
    if repetition_penalty != 1.0:
        scores = RepetitionPenaltyLogitsProcessor(repetition_penalty)(ids, scores)
    counts = torch.bincount(torch.tensor(GENERATED), minlength=logits.numel())
    scores = scores - frequency_penalty * counts - presence_penalty * (counts > 0)
    if logit_bias:
        bias = [[[int(token)], value] for token, value in logit_bias.items()]
        scores = SequenceBiasLogitsProcessor(bias)(ids, scores)
    if min_tokens:
        scores = MinNewTokensLengthLogitsProcessor(len(PROMPT), min_tokens, END_TOKENS)(ids, scores)
    return [None if x == -math.inf else x for x in torch.log_softmax(scores, -1)[0].tolist()]


def probabilities(logits, temperature, top_p, top_k, min_p=0.0, typical_p=1.0):
    scores = TemperatureLogitsWarper(temperature)(None, logits[None])
    if top_k > 0:
        scores = TopKLogitsWarper(top_k)(None, scores)
    if top_p < 1.0:
        scores = TopPLogitsWarper(top_p)(None, scores)
    if min_p > 0.0:
        scores = MinPLogitsWarper(min_p)(None, scores)
    if typical_p < 1.0:
        scores = TypicalLogitsWarper(typical_p)(None, scores)
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
adjustments = {"prompt": PROMPT, "generated": GENERATED, "end_tokens": END_TOKENS,
               "cases": [{"params": c, "log_probabilities": adjusted(row.double(), **c)}
                         for c in ADJUSTED]}
path.write_text(json.dumps({"rows": rows, "cases": cases, "adjustments": adjustments}) + "\n")
