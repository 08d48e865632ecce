"""The command line: `python -m bot …`."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from bot.cli import CONFIGURATION_ERRORS, app


def main() -> None:
    """Run a command; a wrong setting ends in one line that says what to do, and exit code 2."""
    try:
        app()
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            sys.stderr.write(f"wardbell: {_setting(one['loc'])}: {one['msg']}\n")
        raise SystemExit(2) from None
    except CONFIGURATION_ERRORS as error:
        sys.stderr.write(f"wardbell: {error}\n")
        raise SystemExit(2) from None


def _setting(place: tuple[int | str, ...]) -> str:
    """As it is called in the environment."""
    name = ".".join(map(str, place)).upper()
    return name if name == "DATABASE_URL" else f"WARDBELL_{name}"


if __name__ == "__main__":
    main()
