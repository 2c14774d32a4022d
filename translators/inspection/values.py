"""Single values of JSON in which anything may stand: read as what they should be, and written for people."""

import json
import math
from typing import Any


def number_in(value: Any) -> float | None:
    """A number that can be reckoned with; None of anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1e18 and math.isfinite(value) else None


def text_in(value: Any) -> str:
    """A text; empty of anything else."""
    return value if isinstance(value, str) else ""


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON, with letters of any script as they are.

    Args:
        value: What JSON can hold.
        indent: By how many spaces inner lines are moved; None puts all on one line.
    """
    return json.dumps(value, ensure_ascii=False, indent=indent)
