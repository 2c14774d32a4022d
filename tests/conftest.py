"""What all tests take for granted."""

import os
import time

import pytest

os.environ["TZ"] = "UTC"  # models are dated in the zone of the machine, as Ollama does it
time.tzset()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write recordings anew that do not replay as they were")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update") and os.environ.get("CI"):
        raise pytest.UsageError("--update is for a person who then reads the diff, but CI is set: leave --update out")
