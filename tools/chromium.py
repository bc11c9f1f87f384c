#!/usr/bin/env python3
"""Print the path of a Chromium that the browser tests can drive; install Debian's where that is possible.

``python tools/chromium.py`` → ``/usr/bin/chromium-headless-shell``, which has no windows and takes a quarter less of the
processor, or ``/usr/bin/chromium``. Exit code 1, with the way out on stderr, where there is none.

Order: ``CHROMIUM`` in the environment → well-known names on ``PATH`` → the usual places → as root on a Debian-like
system, ``apt-get install chromium-headless-shell``, else ``chromium``. ``--no-install`` stops before the last step.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"),
    "microsoft-edge",
)
PACKAGES = ("chromium-headless-shell", "chromium")
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
WITHOUT = (
    # the list under the address bar, which nobody sees: a process of its own for each page, and half of what a page costs
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    # Playwright's own list, which the one above takes the place of: Chromium reads the last --disable-features
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    # keep it from calling its maker's hosts
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--disable-features={','.join(WITHOUT)}",
)  # fmt: skip
"""How tests start it."""
WAY_OUT = """\
No Chromium was found, and the browser tests need one.
  Debian, Ubuntu:  sudo apt-get install chromium
  Fedora:          sudo dnf install chromium
  macOS:           brew install --cask chromium
  elsewhere:       set CHROMIUM=/path/to/chromium (Google Chrome and Edge work as well)"""


class ChromiumMissing(Exception):
    """No browser; the message says what to do."""


def runs(executable: str) -> bool:
    """Whether the file starts at all: a snap's stub or a broken download does not."""
    try:
        done = subprocess.run([executable, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find() -> str | None:
    """The first browser that runs, or ``None``.

    Raises:
        ChromiumMissing: If ``CHROMIUM`` names something that does not run.
    """
    given = os.environ.get("CHROMIUM")
    if given:
        if path := shutil.which(given):
            return path
        raise ChromiumMissing(f"CHROMIUM={given} is not a program that can be run.")
    candidates = [shutil.which(name) for name in NAMES] + [place for place in PLACES if Path(place).exists()]
    return next((path for path in candidates if path and runs(path)), None)


def install() -> None:
    """Install Debian's package, as root only; what apt says goes to stderr, so stdout stays the path alone."""
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    print("Installing Chromium with apt-get (once) …", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt, "update", "-qq"], stdout=sys.stderr, check=False, env=environment)
    for package in PACKAGES:
        install = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
        if subprocess.run(install, stdout=sys.stderr, check=False, env=environment).returncode == 0:
            return


def main(arguments: list[str]) -> int:
    """Find, else install and find again."""
    try:
        path = find()
        if path is None and "--no-install" not in arguments:
            install()
            path = find()
    except ChromiumMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    if path is None:
        print(WAY_OUT, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
