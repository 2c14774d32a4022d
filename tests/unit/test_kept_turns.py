"""Answers that called tools, kept for the requests that go on from them."""

from collections.abc import Sequence
from typing import Any

import pytest

from addon.kept_turns import MOST_ALIKE, MOST_BYTES, MOST_KEYS, KeptTurns
from translators import openai_tool_turns
from translators.events import ToolCall
from translators.openai_tool_turns import ToolTurn

type Json = dict[str, Any]

MIB = 1024 * 1024
ITEMS: list[Json] = [{"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAAA"}]
UNIQUE = "call_aaaaaaaaaaaaaaaaaaaaaaaa"
"""As long as OpenAI's ids."""


def asked(text: str = "Hi") -> list[Json]:
    return [{"role": "user", "content": text}]


def answer(*ids: str, items: Sequence[Json] = (), reasoning: str = "hm", city: str = "Oslo") -> ToolTurn:
    calls = (ToolCall(place, call_id, "weather", {"city": city}) for place, call_id in enumerate(ids))
    return ToolTurn(tuple(calls), items, reasoning)


def going_on(*ids: str, text: str = "Hi", city: str = "Oslo") -> list[Json]:
    """A conversation that goes on from such an answer."""
    function = {"name": "weather", "arguments": f'{{"city":"{city}"}}'}
    calls = [{"id": call_id, "type": "function", "function": function} for call_id in ids]
    results = [{"role": "tool", "tool_call_id": call_id, "content": "3°C"} for call_id in ids]
    return [*asked(text), {"role": "assistant", "content": None, "tool_calls": calls}, *results]


@pytest.fixture
def kept() -> KeptTurns:
    return KeptTurns(remembers=True)


def test_a_turn_is_found_by_what_was_said_whether_the_client_keeps_the_ids_or_not(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1"))
    assert kept.find("m", going_on("fc_1")) == {1: answer("fc_1")}
    assert kept.find("m", going_on("derived01")) == {1: answer("fc_1")}


def test_a_turn_of_the_responses_api_is_found_by_its_ids_when_the_beginning_was_cut_off(kept: KeptTurns) -> None:
    kept.keep("m", asked("a long story"), answer(UNIQUE, items=ITEMS))
    assert kept.find("m", going_on(UNIQUE, text="in short")) == {1: answer(UNIQUE, items=ITEMS)}
    assert kept.find("m", going_on("derived01", text="in short")) == {}


def test_a_turn_whose_calls_have_no_ids_is_found_by_its_words(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer(""))
    assert kept.find("m", going_on("derived01")) == {1: answer("")}


def test_parallel_calls_of_one_tool_are_one_turn(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1", "fc_2"))
    assert kept.find("m", going_on("derived01", "derived02")) == {1: answer("fc_1", "fc_2")}
    assert kept.find("m", going_on("derived01")) == {}


def test_all_turns_of_a_conversation_are_found_at_their_places(kept: KeptTurns) -> None:
    first, second = answer("fc_1", reasoning="1"), answer("fc_2", reasoning="2")
    later = [*going_on("derived01"), *going_on("derived02")[1:]]
    kept.keep("m", asked(), first)
    kept.keep("m", going_on("derived01"), second)
    assert kept.find("m", later) == {1: first, 3: second}


def test_a_turn_is_not_found_in_another_conversation(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1", items=ITEMS))
    assert kept.find("m", going_on("derived01", text="Hello")) == {}
    assert kept.find("m", [{"role": "system", "content": "You serve somebody else."}, *going_on("derived01")]) == {}
    assert kept.find("m", going_on("derived01", city="Rome")) == {}
    assert kept.find("m", going_on("fc_2")) == {}
    assert kept.find("m", asked()) == {}


def test_a_turn_is_not_found_for_another_model(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1", items=ITEMS))
    assert kept.find("n", going_on("fc_1")) == {}
    kept.keep("n", asked(), answer("fc_1", items=ITEMS, reasoning="of n"))
    assert [kept.find(model, going_on("fc_1"))[1].reasoning for model in ("m", "n")] == ["hm", "of n"]


def test_of_two_conversations_with_the_same_ids_each_finds_its_own_turn(kept: KeptTurns) -> None:
    kept.keep("m", asked("mine"), answer("call_0", reasoning="mine"))
    kept.keep("m", asked("yours"), answer("call_0", reasoning="yours"))
    assert kept.find("m", going_on("call_0", text="mine"))[1].reasoning == "mine"
    assert kept.find("m", going_on("call_0", text="theirs")) == {}


def test_the_newest_of_two_equal_turns_counts(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("", reasoning="old"))
    kept.keep("m", asked(), answer("", reasoning="new"))
    assert kept.find("m", going_on("derived01"))[1].reasoning == "new"


def test_of_more_answers_to_the_same_messages_than_are_kept_the_newest_are_known(kept: KeptTurns) -> None:
    cities = [f"city {number}" for number in range(MOST_ALIKE + 1)]
    for city in cities:
        kept.keep("m", asked(), answer("", city=city))
    assert [city for city in cities if kept.find("m", going_on("derived01", city=city))] == cities[1:]


def test_messages_for_a_model_that_keeps_no_turn_are_not_looked_at(kept: KeptTurns) -> None:
    unreadable: list[Json] = [{"tool_calls": [{}]}]
    kept.keep("n", asked(), answer("fc_1"))
    assert kept.find("m", unreadable) == {}
    with pytest.raises(KeyError):
        kept.find("n", unreadable)


def test_messages_are_not_looked_at_when_the_models_last_turn_is_forgotten(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1"))
    for number in range(MOST_KEYS):
        kept.keep("n", asked(str(number)), answer(""))
    assert kept.find("m", [{"tool_calls": [{}]}]) == {}


def test_a_conversation_of_twice_the_length_takes_twice_the_work(
    kept: KeptTurns, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = openai_tool_turns._bytes
    values: list[Any] = []

    def counted(value: Any) -> bytes:
        values.append(value)
        return read(value)

    monkeypatch.setattr(openai_tool_turns, "_bytes", counted)
    work = []
    for length in (20, 40):
        conversation = asked(str(length))
        for _ in range(length):
            kept.keep("m", conversation, answer(""))
            conversation = [*conversation, *going_on("derived01")[1:]]
        values.clear()
        assert len(kept.find("m", conversation)) == length
        work.append(len(values))
    assert 0 < work[1] <= 2 * work[0]


def test_a_turn_with_nothing_to_send_back_is_not_kept(kept: KeptTurns) -> None:
    kept.keep("m", asked(), answer("fc_1", reasoning=""))
    assert kept.find("m", going_on("fc_1")) == {}


def test_nothing_is_kept_where_no_exchange_may_depend_on_another() -> None:
    kept = KeptTurns(remembers=False)
    kept.keep("m", asked(), answer("fc_1"))
    assert kept.find("m", going_on("fc_1")) == {}


def found(kept: KeptTurns, numbers: range) -> list[int]:
    """Which of some conversations, one for each number, are known."""
    return [number for number in numbers if kept.find("m", going_on("derived01", text=str(number)))]


def test_the_oldest_is_forgotten_when_there_are_too_many(kept: KeptTurns) -> None:
    for number in range(MOST_KEYS):
        kept.keep("m", asked(str(number)), answer(""))
    assert found(kept, range(3)) == [0, 1, 2]
    kept.keep("m", asked("0"), answer(""))  # said again, so it is the newest now
    assert found(kept, range(3)) == [0, 1, 2]
    kept.keep("m", asked("new"), answer(""))
    assert found(kept, range(3)) == [0, 2]


def test_a_turn_with_two_keys_takes_two_places(kept: KeptTurns) -> None:
    for number in range(MOST_KEYS // 2 + 1):
        kept.keep("m", asked(str(number)), answer(f"{UNIQUE}{number}", items=ITEMS))
    assert found(kept, range(2)) == [1]


def of_size(size: int) -> ToolTurn:
    return answer("", reasoning="x" * (size - answer("", reasoning="").size))


def test_the_oldest_are_forgotten_when_they_take_too_many_bytes(kept: KeptTurns) -> None:
    fitting = MOST_BYTES // MIB
    for number in range(fitting):
        kept.keep("m", asked(str(number)), of_size(MIB))
    assert found(kept, range(fitting)) == list(range(fitting))
    kept.keep("m", asked(str(fitting)), of_size(1000))
    assert found(kept, range(fitting + 1)) == list(range(1, fitting + 1))
    kept.keep("m", asked("0"), of_size(MIB - 1000))
    assert found(kept, range(fitting + 1)) == list(range(fitting + 1))
    kept.keep("m", asked("new"), of_size(MIB + 1))
    assert found(kept, range(fitting + 1)) == [0, *range(3, fitting + 1)]


def test_a_turn_that_is_kept_again_takes_its_bytes_once(kept: KeptTurns) -> None:
    kept.keep("m", asked("first"), of_size(MIB))
    for _ in range(2 * MOST_BYTES // MIB):
        kept.keep("m", asked("again"), of_size(MIB))
    assert kept.find("m", going_on("derived01", text="first"))


def test_a_turn_that_takes_more_than_half_of_all_that_may_be_kept_is_not(kept: KeptTurns) -> None:
    kept.keep("m", asked(), of_size(MOST_BYTES // 2 + 1))
    assert kept.find("m", going_on("derived01")) == {}
    kept.keep("m", asked(), of_size(MOST_BYTES // 2))
    assert kept.find("m", going_on("derived01"))
