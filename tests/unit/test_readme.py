"""What the README says about settings and routes is what the code has."""

import re
from pathlib import Path

from addon.option_table import OPTION_NAMES, markdown_table
from addon.routes import ROUTES

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_table_of_settings_is_the_codes_own() -> None:
    shown = re.search(r"<!-- settings: .*? -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert shown is not None
    assert shown[1] == markdown_table()


def test_no_option_is_named_that_does_not_exist() -> None:
    named = set(re.findall(r"\bollama_[a-z_]+\b", README))
    assert named - OPTION_NAMES == {"ollama_openai"} & named


def test_every_route_stands_in_the_table() -> None:
    table = README[README.index("## Routes") : README.index("## What differs from a local Ollama")]
    for route in ROUTES:
        assert f"{re.sub(r'\.\+|\[\^/\]\+', 'ID', route.path.pattern)}`" in table
