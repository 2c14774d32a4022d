"""The script that makes the README's pictures."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mitmweb_page import NO_CHROMIUM
from scripts.screenshots import COLUMNS, FOLDER, PICTURES
from tests.browser import needs_chromium
from tests.process import ROOT, unmeasured

LARGEST = 150_000
"""Bytes of a picture that a page with four of them can bear."""


def screenshots(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.screenshots", "--folder", str(home / "pictures")]
    environment = unmeasured(home, variables)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; fails for what is no PNG."""
    signature, kind, width, height = struct.unpack(">8s4x4sII", png[:24])
    assert (signature, kind) == (b"\x89PNG\r\n\x1a\n", b"IHDR")
    return width, height


@pytest.mark.slow
@pytest.mark.browser
@needs_chromium
def test_it_makes_the_pictures_of_which_it_has_read_on_the_page_what_they_show(tmp_path: Path) -> None:
    done = screenshots(tmp_path)
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "pictures").iterdir()}
    assert sorted(made) == sorted(picture.name for picture in PICTURES)
    assert sorted(made) == sorted(path.name for path in FOLDER.glob("*.png")), "make the pictures in docs/ anew"
    for picture in PICTURES:
        png = made[picture.name]
        assert size_of(png)[0] == (picture.width if picture.whole else picture.width // 2 - 1)
        assert len(png) < LARGEST


def test_without_chromium_it_says_what_to_install(tmp_path: Path) -> None:
    done = screenshots(tmp_path, PATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{NO_CHROMIUM}\n")
    assert not (tmp_path / "pictures").exists()


def test_the_list_has_the_columns_that_run_web_chooses() -> None:
    assert f"for column in {' '.join(COLUMNS)}; do" in (ROOT / "scripts/run_web.sh").read_text()
