"""Computes OCRA responses with the PyPI package "oath": a JSON object a line in, a code a line out."""

import json
import sys

from oath._ocra import str2ocrasuite


def response(case):
    """The response of one case; what the suite does not ask for is absent."""
    inputs = {"Q": case["question"]}
    if "joined" in case:
        inputs["Qsc"] = case["joined"]
    if "counter" in case:
        inputs["C"] = int(case["counter"])
    if "pin" in case:
        inputs["P"] = case["pin"]
    if "session_hex" in case:
        inputs["S"] = bytes.fromhex(case["session_hex"])
    if "time_steps" in case:
        inputs["T_precomputed"] = case["time_steps"]
    return str2ocrasuite(case["suite"])(bytes.fromhex(case["key_hex"]), **inputs)


for line in sys.stdin:
    print(response(json.loads(line)))
