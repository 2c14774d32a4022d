"""What a real Ollama answered, asked of a real mitmdump; only where the goldens lie.

`python -m tests.conformance.goldens` shows a person the same.
"""

import os
import sys

import pytest

from tests.conformance.golden_accounts import Accounts, report
from tests.conformance.golden_captures import golden_tags
from tests.conformance.goldens import check

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("SHARED_DIR"), reason="SHARED_DIR is not set: no goldens here"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    found = check(tmp_path_factory.mktemp("goldens"))
    sys.stdout.write(report(found, golden_tags()))  # pytest shows it beside a failure, or with -s
    return found


def test_each_golden_is_answered_alike_or_otherwise_for_a_stated_reason(accounts: Accounts) -> None:
    assert accounts.unexplained == {}


def test_each_golden_in_scope_is_captured(accounts: Accounts) -> None:
    assert accounts.not_captured == []


def test_each_row_of_the_table_still_stands_for_something(accounts: Accounts) -> None:
    assert accounts.idle == []
