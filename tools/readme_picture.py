"""Write docs/dying-relu.png: the main figure of a report, as the README shows it.

Usage: python tools/readme_picture.py gradlab-store/dying-relu.html
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "dying-relu.png"


def main() -> None:
    """Photograph the first figure of a page."""
    page_path = Path(sys.argv[1]).resolve()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme="light")
        page.goto(page_path.as_uri())
        page.wait_for_selector("figure .plotly svg")
        page.wait_for_timeout(1000)
        page.locator("figure").first.screenshot(path=str(PICTURE))
        browser.close()


if __name__ == "__main__":
    main()
