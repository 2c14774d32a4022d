"""Credentials in recordings: found wherever they are, taken out, and never by halves."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording
from addon.recordings.redacting import MERGED, SpelledOut, redacted
from addon.redaction.hidden_texts import hidden_texts_of
from addon.redaction.pattern_search import SLICE
from addon.redaction.redactor import MARK, Redactor, redactor_of, secrets_of
from addon.settings import settings_from
from tests.recorded import HELLO, compact, recording, request, response, upstream_call
from tests.setting_sources import options, outside

OWN = "my-local-server-key-77"
KEY = "sk-proj-" + "Ab1_" * 8
"""No key: it only looks like one."""

SHAPED = [
    KEY,
    "sk-ant-api03-" + "x9Yz" * 10,
    "sk-svcacct-" + "x9Y_" * 10,
    "csk-" + "a1" * 16,
    "ek_" + "a1" * 16,
    "org-" + "aB3" * 8,
    "proj_" + "aB3" * 8,
    "xai-" + "aB3d" * 10,
    "gsk_" + "aB3d" * 10,
    "AIza" + "Sy_4x" * 7,
    "AQ.Ab" + "8R_6" * 10,
    "ya29." + "a0_f" * 10,
    "hf_" + "aB3d" * 9,
    "ghp_" + "aB3d" * 9,
    "glpat-" + "aB3d" * 5,
    "AKIA" + "ABCD" * 4,
    "dapi" + "0123abcd" * 4,
    "ABSK" + "QmVk+cm/" * 6 + "=",
    "lsv2_pt_" + "0123abcd" * 4 + "_0123abcd45",
    "X-Amz-Signature=" + "0123abcd" * 8,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "SG." + "aB3_-" * 4 + "aB" + "." + "aB3d" * 10 + "aB3",
    "hooks.slack.com/services/" + "T0123ABC/B0123ABC/" + "aB3d" * 6,
    "Basic dXNlcjpwYXNzd29yZDEyMw==",
    "-----BEGIN {0}-----\nMIIB\n-----END {0}-----".format("PRIVATE KEY"),
]

PROSE = [
    "a task-list-of-many-many-words",
    "the Bearer of this letter, and Basic Authentication",
    "org-chart, proj_a, eyJ, sk-3",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIsk0AIzaSyA4x",
]


@pytest.mark.parametrize("secret", [*SHAPED, OWN])
@pytest.mark.parametrize("place", ["{}", "key: {}.", "({})", 'a="{}"', "https://x/{}/y"])
def test_a_credential_is_taken_out_wherever_it_stands(secret: str, place: str) -> None:
    assert Redactor([OWN]).text(place.format(secret)) == place.format(MARK)


@pytest.mark.parametrize("secret", [*SHAPED[:-1], OWN])
def test_also_behind_a_line_break_that_json_has_escaped(secret: str) -> None:
    for ascii_only in (True, False):
        body = json.dumps({"text": f"é\n{secret}\té{secret}"}, ensure_ascii=ascii_only)
        assert json.loads(Redactor([OWN]).text(body)) == {"text": f"é\n{MARK}\té{MARK}"}


def test_a_bearer_token_of_no_known_shape_is_one_by_its_place() -> None:
    assert Redactor().text('"Authorization: Bearer t0ken/t0ken.t0ken=="') == f'"Authorization: {MARK}"'


@pytest.mark.parametrize("text", PROSE)
def test_prose_and_images_stay(text: str) -> None:
    assert Redactor([OWN]).text(text) == text


def test_what_a_server_repeats_of_our_own_key_is_taken_out_too() -> None:
    redactor = Redactor([OWN, 'pass"word€'])
    assert redactor.text(f"bad key {OWN[:15]}… here") == f"bad key {MARK}… here"
    assert redactor.text(json.dumps('it is pass"word€')) == f'"it is {MARK}"'


def test_values_of_secret_parameters_are_taken_out_of_paths() -> None:
    path = Redactor().path("/v1/models?api-version=1&api_key=12345&x=2")
    assert path == f"/v1/models?api-version=1&api_key={MARK}&x=2"


@given(st.data())
def test_of_a_body_in_any_pieces_nothing_is_left_and_the_rest_stays(data: st.DataObject) -> None:
    body = f"before {KEY} between {KEY} after".encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(body) - 1), max_size=8)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    chunks, merged = Redactor().chunks([(float(number), piece) for number, piece in enumerate(pieces)])
    assert b"".join(piece for _, piece in chunks) == f"before {MARK} between {MARK} after".encode()
    assert merged is (len(chunks) < len(pieces))
    assert chunks[-1][0] == len(pieces) - 1


def test_only_the_pieces_are_joined_over_whose_border_a_credential_runs() -> None:
    body = [(1.0, b"one"), (2.0, b"two " + KEY[:9].encode()), (3.0, KEY[9:].encode() + b"!"), (4.0, b"four")]
    assert Redactor().chunks(body) == (((1.0, b"one"), (3.0, f"two {MARK}!".encode()), (4.0, b"four")), True)


def answered(*pieces: bytes) -> Recording:
    chunks = tuple((float(number), piece) for number, piece in enumerate(pieces))
    return recording(upstream_call(response=response(*chunks)))


def test_joined_pieces_are_told_in_about() -> None:
    made = redacted(answered(KEY[:9].encode(), KEY[9:].encode()), Redactor())
    assert made.about == MERGED
    assert made.upstream[0].response
    assert [piece for _, piece in made.upstream[0].response.chunks] == [MARK.encode()]


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: recording(body=HELLO | {"prompt": text}),
        lambda text: recording(upstream_call(request=request({"input": text}))),
        lambda text: recording(upstream_call(request=request(path=f"/x?q={text}"))),
        lambda text: recording(upstream_call(request=request(path=f"/x/{text.replace('-', '%2D')}"))),
        lambda text: recording(upstream_call(url=f"http://{text}/v1")),
        lambda text: recording(upstream_call(error=f"UpstreamBroken: {text}")),
        lambda text: recording(upstream_call(response=response(location=f"https://x/{text}"))),
        lambda text: recording(upstream_call(response=response((1.0, text.encode())))),
    ],
)
def test_every_part_of_a_recording_is_searched(hide: Callable[[str], Recording]) -> None:
    text = recording_text(redacted(hide(KEY), Redactor()))
    assert KEY not in text
    assert MARK in text


def event(**delta: Any) -> bytes:
    return b"data: " + compact({"choices": [{"index": 0, "delta": delta}]}) + b"\n\n"


def line(text: str) -> bytes:
    return compact({"message": {"role": "assistant", "content": text}}) + b"\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [event(content=token) for token in ("My key is ", *KEY, ".")],
        [event(reasoning_content=KEY[:12]), event(reasoning_content=KEY[12:])],
        [event(tool_calls=[{"index": 0, "function": {"arguments": token}}]) for token in (KEY[:12], KEY[12:])],
        [line(token) for token in KEY],
        [compact({"logprobs": [{"token": token} for token in KEY]})],
    ],
)
def test_an_exchange_whose_text_spells_a_credential_out_is_not_kept(pieces: list[bytes]) -> None:
    with pytest.raises(SpelledOut, match="POST /api/chat is not recorded"):
        redacted(answered(*pieces), Redactor())


def escaped(value: Any) -> bytes:
    """JSON with its hyphens as escapes."""
    return compact(value).replace(b"-", b"\\u002d")


@pytest.mark.parametrize("secret", [each for each in SHAPED if "-" in each and "\n" not in each])
def test_what_hides_behind_escapes_is_taken_out_of_its_text_alone(secret: str) -> None:
    body = escaped({"a": f"ä {secret}, \n{secret} and so on-and-on", "b": "x-y"})
    assert json.loads(Redactor().body(body)) == {"a": f"ä {MARK}, \n{MARK} and so on-and-on", "b": "x-y"}
    assert b'"b":"x\\u002dy"' in Redactor().body(body)


def test_also_behind_slashes_that_some_programs_escape() -> None:
    assert Redactor().body(b'"Bearer t0ken\\/t0ken\\/t0ken=="') == f'"{MARK}"'.encode()


def test_also_in_json_that_is_a_text_of_json() -> None:
    body = compact({"function": {"arguments": escaped({"key": KEY, "n": 1}).decode()}})
    arguments = json.loads(Redactor().body(body))["function"]["arguments"]
    assert json.loads(arguments) == {"key": MARK, "n": 1}


@pytest.mark.parametrize(
    "text", ['5" {{"k":"{}"}}', '{{"k":"{}', '5" 6" {{"k":"{}","n":1}} 7"', "k={}", '{{"k":"a\n{}"}}']
)
def test_also_where_quotation_marks_are_odd_or_missing(text: str) -> None:
    prompt = text.format(escaped(KEY).decode()[1:-1])
    assert Redactor().text(prompt) == text.format(MARK)
    body = compact({"a": prompt, "b": json.dumps([prompt])})
    kept = json.loads(Redactor().body(body))
    assert (kept["a"], json.loads(kept["b"])) == (text.format(MARK), [text.format(MARK)])


def test_also_beside_what_was_taken_out_before() -> None:
    body = compact({"a": f"is {MARK} it", "b": KEY}).replace(b"-", b"\\u002d")
    assert Redactor().body(body) == compact({"a": f"is {MARK} it", "b": MARK})


def test_a_token_has_its_digit_itself() -> None:
    assert Redactor().text('{"a":"Bearer of-good-news-and-letters","n":1}') == (
        '{"a":"Bearer of-good-news-and-letters","n":1}'
    )


def test_also_over_the_border_of_pieces() -> None:
    body = escaped({"content": KEY})
    (piece,), merged = Redactor().chunks([(1.0, body[:20]), (2.0, body[20:])])
    assert (piece, merged) == ((2.0, compact({"content": MARK})), True)


def test_also_in_a_path_written_in_hexadecimal() -> None:
    assert Redactor().path(f"/v1/models/{KEY.replace('-', '%2D')}?x=%20") == f"/v1/models/{MARK}?x=%20"


def test_two_texts_at_once_are_not_taken_for_one() -> None:
    calls = [[{"index": index, "function": {"arguments": text}}] for index, text in ((0, KEY[:12]), (1, KEY[12:]))]
    assert redacted(answered(*(event(tool_calls=call) for call in calls)), Redactor()).about == ""


def test_what_runs_over_the_border_of_two_slices_is_found() -> None:
    for before in range(SLICE - len(KEY) - 1, SLICE + 1):
        body = b"." * before + KEY.encode() + b"!"
        assert Redactor().body(body) == b"." * before + MARK.encode() + b"!"


def test_a_private_key_without_an_end_takes_no_more_with_it_than_a_key_can_be_long() -> None:
    begin = "-----BEGIN {}-----".format("PRIVATE KEY")
    assert Redactor().text(f"{begin}MIIB" + "x" * 20_000).startswith(f"{MARK}xxx")
    assert Redactor().text(f"{begin}MIIB") == MARK
    assert Redactor().text(f"{begin}MIIB" + "é") == f"{MARK}é"


@pytest.mark.parametrize("long", ["x" * 70_000, [0.125] * 9_000, "a[b]" * 9_000])
def test_what_is_large_hides_no_credential_that_is_spelled_out_beside_it(long: Any) -> None:
    body = compact({"a": long, "logprobs": [{"token": token, "b": long} for token in (KEY[:12], KEY[12:])], "c": long})
    assert Redactor().spells_out(body)
    assert Redactor().spells_out(line("x" * 70_000 + f" {KEY[:12]}") + line(KEY[12:] + "." * 70_000))
    assert not Redactor().spells_out(compact({"a": long, "b": [long, "x", long]}))


def test_a_text_that_is_no_unicode_is_searched_too() -> None:
    assert Redactor().text(f"\udcff {KEY}") == f"\udcff {MARK}"


def test_the_hidden_texts_of_a_body_are_put_together_by_their_place() -> None:
    body = event(content="a", role="x") + b": comment\n\ndata: [DONE]\n\n" + event(content="b")
    assert list(hidden_texts_of(body)) == ["ab"]  # the role stands in the body as it is
    assert list(hidden_texts_of(compact({"a": "b\n", "c": "d"}))) == ["b\n", "d"]
    assert list(hidden_texts_of(line("a") + b"no json\n" + line("b"))) == ["assistantassistant", "ab"]
    assert list(hidden_texts_of(b"<html>")) == []


def test_the_texts_of_two_items_of_the_responses_api_are_not_mixed() -> None:
    deltas = [compact({"output_index": at, "delta": text}) for text in KEY for at in (0, 1)]
    assert Redactor().spells_out(b"\n".join(deltas))


def test_the_secrets_of_a_process_are_its_keys_ids_and_the_proxys_password() -> None:
    proxy = "http://user:pass%40word1@proxy.example:3128"
    environment = outside("sk-own-0123456789", organization="org-of-mine", project="proj_mine")
    settings = settings_from(options(ollama_upstream_proxy=proxy), environment)
    assert sorted(secrets_of(settings)) == sorted(
        ["sk-own-0123456789", "org-of-mine", "proj_mine", "pass%40word1", "pass@word1"]
    )


def test_settings_say_what_is_taken_out_and_whether_media_stay() -> None:
    environment = outside(OWN)
    redactor = redactor_of(settings_from(options(ollama_redact="Jane", ollama_record_media=False), environment))
    client = recording().client.model_copy(update={"response": None})
    media = recording(body={"prompt": f"{OWN} Jane", "images": ["A" * 2000]}).client.request
    kept = redacted(recording(client=client.model_copy(update={"request": media})), redactor).client.request.body
    assert json.loads(kept)["prompt"] == f"{MARK} {MARK}"
    assert json.loads(kept)["images"][0].startswith("sha256:")


def test_a_key_that_is_an_ordinary_word_is_not_searched_for() -> None:
    assert secrets_of(settings_from(options(), outside("test"))) == []
