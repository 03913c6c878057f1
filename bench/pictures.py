"""The README's two pictures, made anew from the example: the review page and the HTML report.

    python -m bench.pictures [--out docs]

The example is checked by the local engine, as the README shows it; a reviewer has decided its first claims. It takes a
Chromium, and Pillow to write small files. Letters look as the fonts of this machine do: Noto Sans and Noto Serif, best.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.review.browser import RunningReview, chromium, shows  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH, REVIEW_HEIGHT, REPORT_HEIGHT = 1280, 860, 1120
SHARPNESS = 1.5  # pixels of the picture for each of the page
COLOURS = 128
SHOWN = 13  # the claim on the review page's picture; those before it are accepted


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=ROOT / "docs")
    out: Path = options.parse_args().out
    program = chromium()
    if program is None:
        sys.exit("no chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        report = _checked(folder)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": REVIEW_HEIGHT},
            device_scale_factor=SHARPNESS,
            color_scheme="light",
            locale="en-GB",
        )
        with RunningReview(report, reviewer="Anna Weber", cwd=folder) as server:
            page.goto(server.url)
            _review(page)
            _write(page.screenshot(), out / "review.png")
        _factcheck(folder, "report", report.name, "--to", "html", "--out", "report.html")
        page.set_viewport_size({"width": WIDTH, "height": REPORT_HEIGHT})
        page.goto((folder / "report.html").as_uri())
        _write(page.screenshot(), out / "report.png")
        browser.close()


def _checked(folder: Path) -> Path:
    """The report of the example, checked in a copy of it."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    asked = ["examples/article.en.md", "--references", "examples/references", "--engine", "local"]
    _factcheck(folder, "check", *asked, "--fail-on", "never", "--json", "report.json")
    return folder / "report.json"


def _factcheck(folder: Path, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FACTCHECK_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "factcheck", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def _review(page: Page) -> None:
    """A reviewer has accepted the first verdicts, and looks at the next one."""
    shows(page, 1)
    for number in range(1, SHOWN):
        page.keyboard.press("a")
        shows(page, number + 1)


def _write(picture: bytes, path: Path) -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {image.width} × {image.height}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
