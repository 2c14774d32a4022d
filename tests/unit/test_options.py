from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.errors import OllamaError
from translators.notes import Note
from translators.options import OPTIONS, REASONING_ALLOWANCE, RETIRED, options_to_openai
from translators.profiles import DEFAULT, profile_for

GPT_5_6 = profile_for("gpt-5.6-terra")


@pytest.mark.parametrize(
    ("options", "payload"),
    [
        ({}, {}),
        ({"temperature": None, "stop": None, "invented": None}, {}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"temperature": 0.7, "top_p": 0.9}, {"temperature": 0.7, "top_p": 0.9}),
        ({"temperature": -5}, {"temperature": 0}),
        ({"temperature": 3.5}, {"temperature": 2}),
        ({"top_p": 99}, {"top_p": 1}),
        ({"presence_penalty": -9, "frequency_penalty": 9}, {"presence_penalty": -2, "frequency_penalty": 2}),
        ({"seed": 42.9}, {"seed": 42}),
        ({"seed": 0}, {"seed": 0}),
        ({"seed": 1e300}, {"seed": 2**63 - 1}),
        ({"seed": -1e300}, {"seed": -(2**63)}),
        ({"seed": -1}, {}),
        ({"stop": []}, {}),
        ({"stop": [""]}, {}),
        ({"stop": ["", "END"]}, {"stop": ["END"]}),
        ({"stop": list("abcdef")}, {"stop": list("abcd")}),
        ({"num_predict": 5}, {"max_tokens": 5}),
        ({"num_predict": 5.9}, {"max_tokens": 5}),
        ({"num_predict": 0}, {}),
        ({"num_predict": -1}, {}),
        ({"num_predict": -2}, {}),
        ({"num_ctx": 131072, "top_k": 40, "use_mmap": True, "mirostat": "two"}, {}),
    ],
)
def test_options_become_the_fields_of_a_server_that_takes_all(options: dict[str, Any], payload: dict[str, Any]) -> None:
    assert options_to_openai(options, DEFAULT, None)[0] == payload


def test_fields_leave_in_one_order_whatever_the_client_s() -> None:
    ways: list[dict[str, Any]] = [{"seed": 1, "num_predict": 2, "top_p": 1}, {"top_p": 1, "num_predict": 2, "seed": 1}]
    assert [list(options_to_openai(way, DEFAULT, None)[0]) for way in ways] == [["max_tokens", "top_p", "seed"]] * 2


@pytest.mark.parametrize(
    ("model_id", "effort", "num_predict", "payload"),
    [
        ("gpt-4o", None, 100, {"max_tokens": 100}),
        ("gpt-5.6-terra", None, 100, {"max_completion_tokens": 25_100}),
        ("gpt-5.6-terra", "none", 100, {"max_completion_tokens": 100}),
        ("gpt-5.4", None, 100, {"max_completion_tokens": 100}),
        ("gpt-5.4", "high", 100, {"max_completion_tokens": 25_100}),
        ("o3", None, 90_000, {"max_completion_tokens": 100_000}),
        ("o3", None, 120_000, {"max_completion_tokens": 120_000}),
        ("gpt-5.2-chat-latest", None, 100, {"max_completion_tokens": 16_384}),
        ("o3", None, -1, {}),
        ("deepseek-reasoner", "high", 100, {"max_tokens": 100}),
    ],
)
def test_num_predict_leaves_room_for_reasoning_that_counts_against_it(
    model_id: str, effort: str | None, num_predict: int, payload: dict[str, Any]
) -> None:
    assert options_to_openai({"num_predict": num_predict}, profile_for(model_id), effort)[0] == payload


@pytest.mark.parametrize(
    ("model_id", "effort", "kept"),
    [
        ("gpt-4o", None, {"temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "seed"}),
        ("gpt-5.4", None, {"temperature", "top_p", "presence_penalty", "frequency_penalty", "seed"}),
        ("gpt-5.4", "low", {"seed"}),
        ("gpt-5.6-terra", "none", {"temperature", "top_p", "presence_penalty", "frequency_penalty", "seed"}),
        ("gpt-5.6-terra", None, {"seed"}),
        ("o4-mini", None, {"seed"}),
    ],
)
def test_what_a_family_refuses_is_not_sent(model_id: str, effort: str | None, kept: set[str]) -> None:
    options = {
        "temperature": 0.5,
        "top_p": 0.5,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "stop": ["END"],
        "seed": 7,
    }
    payload, notes = options_to_openai(options, profile_for(model_id), effort)
    assert set(payload) == kept
    assert {note.field.removeprefix("options.") for note in notes} == set(options) - kept


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"num_predict": 9}, Note("options.num_predict", "converted",
         "max_completion_tokens, 25000 more because reasoning counts against it")),
        ({"num_predict": 200_000}, Note("options.num_predict", "renamed",
         "max_completion_tokens, which counts reasoning too")),
        ({"num_predict": 0}, Note("options.num_predict", "dropped", "0 and less mean no limit, as without it")),
        ({"temperature": 1}, Note("options.temperature", "dropped",
         "taken by gpt-5.6 only with reasoning effort none")),
        ({"stop": ["x"]}, Note("options.stop", "dropped", "not taken by gpt-5.6")),
        ({"stop": ["", ""]}, Note("options.stop", "dropped", "no sequence in it")),
        ({"seed": -1}, Note("options.seed", "dropped", "-1 means a random seed, as without one")),
        ({"top_k": 3}, Note("options.top_k", "dropped", "no such sampler at OpenAI")),
        ({"num_ctx": 4096}, Note("options.num_ctx", "dropped", "the upstream's context is what it is")),
        ({"num_gpu": 1}, Note("options.num_gpu", "dropped", "a setting of Ollama's engine")),
        ({"mirostat": 1}, Note("options.mirostat", "dropped", "Ollama no longer knows it")),
        ({"Temperature": 1}, Note("options.Temperature", "dropped", "not an option of Ollama")),
    ],
)  # fmt: skip
def test_a_note_says_why_an_option_did_not_travel_unchanged(options: dict[str, Any], note: Note) -> None:
    assert options_to_openai(options, GPT_5_6, None)[1] == [note]


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"num_predict": 9}, Note("options.num_predict", "renamed", "max_tokens")),
        ({"temperature": 9}, Note("options.temperature", "converted", "2: OpenAI takes 0 to 2")),
        ({"stop": list("abcde")}, Note("options.stop", "converted",
         "the first 4 of its sequences that are not empty")),
    ],
)  # fmt: skip
def test_a_note_says_into_what_an_option_was_changed(options: dict[str, Any], note: Note) -> None:
    assert options_to_openai(options, DEFAULT, None)[1] == [note]


ON_RESPONSES = profile_for("gpt-4o").on("responses")


@pytest.mark.parametrize(
    ("num_predict", "sent", "action"), [(1, 16, "converted"), (15, 16, "converted"), (16, 16, "renamed")]
)
def test_a_limit_below_the_least_that_is_taken_becomes_that(num_predict: int, sent: int, action: str) -> None:
    payload, [note] = options_to_openai({"num_predict": num_predict}, ON_RESPONSES, None)
    assert (payload, note.action) == ({"max_output_tokens": sent}, action)


def test_the_least_that_is_taken_leaves_room_for_reasoning_too() -> None:
    profile = profile_for("gpt-5.6-terra").on("responses")
    [(field, limit)] = options_to_openai({"num_predict": 5}, profile, None)[0].items()
    assert (field, limit >= REASONING_ALLOWANCE) == ("max_output_tokens", True)


@pytest.mark.parametrize("name", ["seed", "presence_penalty", "frequency_penalty"])
def test_an_option_for_which_the_responses_api_has_no_field_is_not_sent(name: str) -> None:
    reason = "the Responses API has no such field"
    assert options_to_openai({name: 1}, ON_RESPONSES, None) == ({}, [Note(f"options.{name}", "dropped", reason)])


def test_stop_sequences_are_not_for_the_responses_api() -> None:
    payload, [note] = options_to_openai({"stop": ["x"]}, ON_RESPONSES, None)
    assert (payload, note.action) == ({}, "dropped")


def test_temperature_and_top_p_are_for_the_responses_api_too() -> None:
    options = {"temperature": 0.5, "top_p": 0.5}
    assert options_to_openai(options, ON_RESPONSES, None) == (options, [])


def test_a_penalty_beside_reasoning_is_dropped_because_the_family_refuses_it() -> None:
    _, [note] = options_to_openai({"presence_penalty": 1}, profile_for("o3"), None)
    assert note.detail == "not taken by o1, o3 and o4"


def test_an_option_that_travels_unchanged_has_no_note() -> None:
    assert options_to_openai({"temperature": 2, "top_p": 1, "stop": ["x"], "seed": 3}, DEFAULT, None)[1] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_ctx": "4096"}, 'option "num_ctx" must be of type integer'),
        ({"num_ctx": True}, 'option "num_ctx" must be of type integer'),
        ({"seed": [1]}, 'option "seed" must be of type integer'),
        ({"temperature": "hot"}, 'option "temperature" must be of type float32'),
        ({"temperature": False}, 'option "temperature" must be of type float32'),
        ({"use_mmap": 1}, 'option "use_mmap" must be of type boolean'),
        ({"stop": "END"}, 'option "stop" must be of type array'),
        ({"stop": ["END", 1]}, 'option "stop" must be of an array of strings'),
        ({"stop": [None]}, 'option "stop" must be of an array of strings'),
    ],
)
def test_a_value_of_the_wrong_type_is_ollama_s_own_500(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OllamaError) as caught:
        options_to_openai(options, GPT_5_6, None)
    assert (caught.value.status, caught.value.message) == (500, message)


@pytest.mark.parametrize("value", [1, "x", [], {}, True])
def test_retired_and_unknown_options_may_have_any_type(value: Any) -> None:
    payload, notes = options_to_openai(dict.fromkeys([*RETIRED, "invented"], value), DEFAULT, None)
    assert payload == {}
    assert len(notes) == len(RETIRED) + 1


@settings(deadline=None)  # a busy machine is not a fault of the code
@given(
    options=st.dictionaries(
        st.sampled_from([*OPTIONS, "numa", "invented"]),
        st.none()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(st.sampled_from(["", "END", "\n"])),
    ),
    model_id=st.sampled_from(["gpt-4o", "gpt-5.4", "gpt-5.6-sol", "o3", "llama3.2"]),
)
def test_each_option_is_carried_over_or_noted_or_refused(options: dict[str, Any], model_id: str) -> None:
    try:
        payload, notes = options_to_openai(options, profile_for(model_id), None)
    except OllamaError:
        return
    accounted = set(payload) | {note.field.removeprefix("options.") for note in notes}
    assert {name for name, value in options.items() if value is not None} <= accounted
