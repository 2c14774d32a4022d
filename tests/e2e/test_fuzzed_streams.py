"""What is wrong in an upstream's answer never reaches an Ollama client as anything but an answer or an error."""

from collections import Counter

from tests.e2e.fuzz_streams import ask, crashes_in, proxied


def test_two_hundred_wrong_answers_are_each_parsed_or_refused() -> None:
    with proxied() as (process, client):
        ends = Counter(ask(client, number) for number in range(200))
        assert process.popen.poll() is None
    assert set(ends) == {"complete", "refused", "broken off"}
    assert crashes_in(process) == []
