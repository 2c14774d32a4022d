"""When a call is made again, and after which wait."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from translators.openai_retries import is_retryable, seconds_to_wait

NOW = 1_800_000_000.0


def date(seconds: float) -> str:
    """An HTTP date so many seconds from now."""
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 501, 502, 503, 504, 520, 529, 599])
def test_what_may_be_over_soon_is_tried_again(status: int) -> None:
    assert is_retryable(status, {}, b"")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 413, 422, 425, 451])
def test_what_no_waiting_cures_is_not(status: int) -> None:
    assert not is_retryable(status, {}, b"")


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"You exceeded it","type":"insufficient_quota","code":"insufficient_quota"}}',
        b'{"error":{"message":"quota","code":"insufficient_quota"}}',
        b'{"error": {"type": "insufficient_quota"}}',
        b'{"error":{"code":429,"metadata":{"raw":"{\\"error\\":{\\"code\\":\\"insufficient_quota\\"}}"}}}',
        b"{\"error\":{\"message\":\"OpenAIException - {'error': {'code': 'insufficient_quota'}}\"}}",
        b'[{"error":{"code":"insufficient_quota"}}]',
        b'{"error":{"type":"exceeded_current_quota_error","message":"insufficient balance"}}',
        b'{"error":{"code":"credit_balance_exhausted"}}',
        b'{"error":{"code":"project_spend_limit_exceeded"}}',
    ],
)
@pytest.mark.parametrize("headers", [{}, {"x-should-retry": "true"}])
def test_a_used_up_quota_is_never_tried_again(body: bytes, headers: dict[str, str]) -> None:
    assert not is_retryable(429, headers, body)


def test_a_used_up_quota_is_not_tried_again_whatever_the_status_of_the_gateway() -> None:
    assert not is_retryable(503, {}, b'{"error":{"code":"insufficient_quota"}}')
    assert not is_retryable(402, {}, b'{"error":{"message":"Insufficient Balance"}}')  # DeepSeek


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"Rate limit reached. Add a payment method to raise it.","code":"rate_limit_exceeded"}}',
        b'{"error":{"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED"}}',  # Gemini, by minute
        b'{"error":{"message":"no insufficient_quota here"}}',
    ],
)
def test_a_rate_limit_that_mentions_billing_is_no_used_up_quota(body: bytes) -> None:
    assert is_retryable(429, {}, body)


@pytest.mark.parametrize(
    ("status", "advice", "retried"), [(400, "true", True), (503, "false", False), (503, "x", True)]
)
def test_the_upstreams_own_advice_wins_over_the_status(status: int, advice: str, retried: int) -> None:
    assert is_retryable(status, {"x-should-retry": advice}, b"") == bool(retried)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after-ms": "20"}, 0.02),
        ({"retry-after-ms": "20", "retry-after": "7"}, 0.02),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "30"}, 30),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7),
        ({"retry-after": date(12)}, 12),
    ],
)
def test_the_wait_that_the_upstream_asks_for_is_kept(headers: dict[str, str], wait: float) -> None:
    assert seconds_to_wait(headers, 0, NOW, 1) == pytest.approx(wait)


@pytest.mark.parametrize(
    "headers", [{"retry-after": "31"}, {"retry-after-ms": "30001"}, {"retry-after": date(3600)}, {"retry-after": "inf"}]
)
def test_a_wait_too_long_is_left_to_the_client(headers: dict[str, str]) -> None:
    assert seconds_to_wait(headers, 0, NOW, 1) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "0"},
        {"retry-after": "-1"},
        {"retry-after": "soon"},
        {"retry-after": ""},
        {"retry-after": "nan"},
        {"retry-after": date(-5)},
        {"retry-after": "1", "retry-after-ms": "0"},  # Azure's 429
    ],
)
def test_without_a_wait_that_makes_sense_there_is_a_back_off(headers: dict[str, str]) -> None:
    assert seconds_to_wait(headers, 0, NOW, 0) == 0.5


def test_the_back_off_doubles_up_to_eight_seconds_and_loses_up_to_a_quarter_to_chance() -> None:
    assert [seconds_to_wait({}, retries, NOW, 0) for retries in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert [seconds_to_wait({}, retries, NOW, 1) for retries in range(6)] == [0.375, 0.75, 1.5, 3, 6, 6]
