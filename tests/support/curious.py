"""A solver's process that tells all it sees of its surroundings, as the name of a rule."""

import json
import os
import sys

if __name__ == "__main__":
    sys.stdin.readline()
    told = sorted(os.environ)  # noqa: TID251 -- this is what is asked about
    outcome = {"true": None, "impossible": True, "short": [], "groups": told}
    sys.stdout.write(json.dumps({"outcome": outcome}) + "\n")
