"""How large the body of a request may be."""

import pytest

from addon.body_limit import MIB, body_limit


@pytest.mark.parametrize("theirs", [None, "16m", "1g"])
def test_the_limit_is_our_own_option_where_mitmproxys_is_not_smaller(theirs: str | None) -> None:
    limit = body_limit(16, theirs)
    assert limit.most == 16 * MIB
    error = limit.error()
    assert error.status == 413
    assert error.message == (
        "the request body is larger than 16 MiB: send less, or raise ollama_max_body (PROXY_MAX_BODY)"
    )


def test_a_smaller_limit_of_mitmproxys_wins_and_is_named() -> None:
    limit = body_limit(16, "3k")
    assert limit.most == 3 * 1024
    assert limit.error().message == (
        "the request body is larger than '3k' bytes: send less, or raise mitmproxy's option body_size_limit"
    )
