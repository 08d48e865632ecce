"""The command line: `python -m bot …`."""

from __future__ import annotations

import sys

from bot.cli import CONFIGURATION_ERRORS, app


def main() -> None:
    """Run a command; a wrong setting ends in one line that says what to do, and exit code 2."""
    try:
        app()
    except CONFIGURATION_ERRORS as error:
        sys.stderr.write(f"wardbell: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
