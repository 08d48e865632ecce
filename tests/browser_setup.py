"""Before the tests: a browser for those that need one, installed where that is allowed.

In CI the browser tests must run, so a missing browser is an error there; elsewhere one line says
what is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "fonts-wqy-zenhei")


def main() -> int:
    if shutil.which("chromium") and has_chinese_font():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("installing Debian's chromium and a Chinese font for the browser tests …")
        install()
    if shutil.which("chromium"):
        return 0
    print("browser tests cannot run here: install Debian's packages " + " and ".join(PACKAGES))
    return 1 if os.environ.get("CI") else 0  # noqa: TID251 -- no settings exist yet


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False)
    return bool(found.stdout.strip())


def install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}  # noqa: TID251
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES],
    ):
        subprocess.run(command, check=False, env=environment, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
