"""A solver's process whose answer is none: what it says stands in `SAYS`, by the model's size."""

import json
import sys

SAYS = [
    "Traceback: no JSON",
    "[1, 2]",
    '{"progress": {"mood": "good"}}',
    '{"outcome": {}}',
    '{"outcome": {"true": [99], "impossible": false, "short": [], "groups": []}}',
    "x" * 2**21,
]

if __name__ == "__main__":
    variables = json.loads(sys.stdin.readline())["model"]["variables"]
    sys.stdout.write(SAYS[variables] + "\n")
