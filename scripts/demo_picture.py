"""Takes the picture of the dashboard in the README: runs the demo for a while and looks at one of its pages.

.venv/bin/python scripts/demo_picture.py [PAGE] [SECONDS]      # charts, 90
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "dashboard.png"
SIZE = {"width": 1280, "height": 760}
SETTLING = 4.0  # seconds for a page to have drawn everything


def main(page: str, seconds: float) -> None:
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if chromium is None:
        sys.exit("Chromium is not installed: scripts/browser")
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "pinery.app", "demo", "--dir", f"{folder}/demo", "--speed", "90"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            _picture(chromium, _link(demo), page, seconds)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate()


def _link(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        if found := re.match(r"Dashboard +(http\S+)", line):
            return found[1]
    sys.exit("the demo did not start")


def _picture(chromium: str, link: str, page: str, seconds: float) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_context(viewport=SIZE, color_scheme="dark").new_page()  # type: ignore[arg-type]
        shown.goto(link)
        time.sleep(seconds)
        shown.goto(f"{link.partition('#')[0]}#/{page}")
        shown.reload()
        time.sleep(SETTLING)
        shown.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "charts", float(sys.argv[2]) if len(sys.argv) > 2 else 90.0)
