"""A recording is redacted in all its parts, and as if each was searched although its texts are searched at once."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.net import encoding

from addon.recordings.recording import Recording
from addon.recordings.redacting import SpelledOut, is_clean, redacted, redacted_by_parts
from addon.redaction.redactor import MARK, Redactor
from addon.redaction.secret_search import OWN, SecretSearch
from addon.redaction.secret_shapes import SHAPES, Shape
from tests.recorded import HELLO, compact, recording, request, response, upstream_call

KEY = "sk-proj-" + "Ab1" * 10
"""No key: it only looks like one."""
AWS = "AKIA" + "ABCD" * 4
LOCAL = "my-local-server-key-77"
NUMBER = 123456789012
REDACTORS = [Redactor([LOCAL]), Redactor([LOCAL, str(NUMBER)]), Redactor([LOCAL, 'pass"word 99'])]


def outcome(way: Callable[[Recording, Redactor], Recording], made: Recording, redactor: Redactor) -> Recording | None:
    """What is kept; None when the exchange is not."""
    try:
        return way(made, redactor)
    except SpelledOut:
        return None


def both_ways(made: Recording, redactor: Redactor) -> Recording | None:
    """What is kept, and that it is the same either way."""
    kept = outcome(redacted, made, redactor)
    assert kept == outcome(redacted_by_parts, made, redactor)
    return kept


def answered(*pieces: bytes) -> Recording:
    return recording(upstream_call(response=response(*((float(at), piece) for at, piece in enumerate(pieces)))))


def delta(text: str) -> bytes:
    return b"data: " + compact({"choices": [{"index": 0, "delta": {"content": text}}]}) + b"\n\n"


def messages(*texts: str) -> Recording:
    return recording(body={"model": "m", "messages": [{"role": "user", "content": text} for text in texts]})


@pytest.mark.parametrize(
    ("made", "secret"),
    [
        (messages("Be kind", KEY), KEY),
        (messages(AWS, "hello"), AWS),
        (recording(body={"model": "m", "input": ["word", KEY]}), KEY),
        (recording(upstream_call(request=request({"input": ["word", KEY, "word"]}))), KEY),
        (answered(*map(delta, ["key", KEY, "x"])), KEY),
        (recording(body={"messages": [{"role": KEY, "content": "a"}, {"role": "b", "content": "c"}]}), KEY),
    ],
)
def test_a_credential_that_stands_between_words_is_taken_out(made: Recording, secret: str) -> None:
    kept = both_ways(made, Redactor())
    assert kept is not None
    assert secret not in str(kept)
    assert MARK in str(kept)


def test_a_secret_that_is_a_number_is_taken_out_of_numbers() -> None:
    kept = both_ways(recording(body={"model": "m", "project": NUMBER}), Redactor([str(NUMBER)]))
    assert kept is not None
    assert kept.client.request.body == b'{"model":"m","project":"%b"}' % MARK.encode()


@pytest.mark.parametrize(
    "lines",
    [
        lambda parts: b"".join(b"event: d\rdata: " + compact({"delta": part}) + b"\r\r" for part in parts),
        lambda parts: b"".join(b"data: " + compact({"delta": part}) + b"\r\n\r\n" for part in parts),
        lambda parts: b"\xef\xbb\xbf" + b"".join(b"data: " + compact({"delta": part}) + b"\n\n" for part in parts),
        lambda parts: b"".join(b"error: " + compact({"delta": part}) + b"\n\n" for part in parts),
        lambda parts: b'{"delta":\r" no "}\n'.join(compact({"delta": part}) + b"\n" for part in parts),
        lambda parts: b'{"delta":" no "}\n'.join(b"data: " + compact({"delta": part}) + b"\n\n" for part in parts),
        lambda parts: b'data: [" no "]\ndata: []\n\n'.join(b"data: " + compact([part]) + b"\n\n" for part in parts),
    ],
    ids=["CR", "CRLF", "byte order mark", "errors", "CR in a line", "lines that are none", "events that are none"],
)
def test_what_is_spelled_out_in_any_kind_of_stream_is_not_kept(lines: Callable[[Sequence[str]], bytes]) -> None:
    assert both_ways(answered(lines([KEY[:5], KEY[5:17], KEY[17:]])), Redactor()) is None


@pytest.mark.parametrize("number", [8, 500])
def test_pieces_that_are_all_the_same_can_spell_something_out(number: int) -> None:
    assert both_ways(answered(*[delta("sk-")] * number), Redactor()) is None
    assert both_ways(answered(*[delta("so-")] * number), Redactor()) is not None


@pytest.mark.parametrize("depth", [300, 1000])
def test_what_is_nested_deeply_is_searched_too(depth: int) -> None:
    def nested(text: str) -> bytes:
        return b'{"a":' * depth + compact(text) + b"}" * depth + b"\n"

    assert both_ways(answered(nested("a"), nested("b")), Redactor()) == answered(nested("a"), nested("b"))
    assert both_ways(answered(nested(KEY[:9]), nested(KEY[9:])), Redactor()) is None


@pytest.mark.parametrize("path", ["/api/tags?api_key=short", "/api/tags?x=1&token=a%20b"])
def test_a_parameter_that_is_secret_by_its_name_is_taken_out_however_short_it_is(path: str) -> None:
    asked = request(b"", "GET", path)
    made = recording(upstream_call(request=asked))
    made = made.model_copy(update={"client": made.client.model_copy(update={"request": asked})})
    kept = both_ways(made, Redactor())
    assert kept is not None
    for clean in (kept.client.request, *(call.request for call in kept.upstream)):
        assert clean.path == re.sub(r"(key|token)=.*", rf"\1={MARK}", path)


def test_the_texts_are_searched_at_once_where_nothing_has_to_be_taken_out() -> None:
    usual = b"event: x\nid: 1\n: comment\n" + delta("Hello") + delta(" wor") + b"data: [DONE]\n\n"
    made = answered(usual[:50], usual[50:])
    assert is_clean(made, Redactor([LOCAL]))
    assert redacted(made, Redactor([LOCAL])) is made
    assert not is_clean(made, Redactor([LOCAL], re.compile("never-there")))


@pytest.mark.parametrize("secret", ["123456789012", "1234.56789", "123456789012abc", 'a","b":"c', "-1.5E+12345"])
def test_a_secret_that_may_stand_outside_of_texts_is_not_looked_for_in_texts_alone(secret: str) -> None:
    assert not SecretSearch([secret], None).is_for_texts
    assert SecretSearch(["12345678-abc", "örtlich 1", LOCAL], None).is_for_texts


@pytest.mark.parametrize("key", ["password", "Password", "PASSWORD"])
@pytest.mark.parametrize("path", ["/api/pull", "/api/push?x=1"])
def test_the_password_for_a_registry_is_taken_out(path: str, key: str) -> None:
    body = f'{{"model":"gpt-4o", "{key}" : "hunter\\"2\\u0021","stream":false}}'.encode()
    whole = recording()
    client = whole.client.model_copy(update={"request": request(body, path=path)})
    kept = redacted(whole.model_copy(update={"client": client}), Redactor()).client.request.body
    assert kept == f'{{"model":"gpt-4o", "{key}" : "{MARK}","stream":false}}'.encode()


def test_what_a_chat_says_of_passwords_stays() -> None:
    body = b'{"messages":[{"role":"user","content":"{\\"password\\": \\"x\\"}"}],"password":"y"}'
    assert redacted(recording(body=body), Redactor()).client.request.body == body


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br", "gzip, zstd"])
def test_a_compressed_request_that_holds_a_credential_is_not_kept(coding: str) -> None:
    def sent(text: str) -> Recording:
        body = compact(HELLO | {"prompt": text})
        for each in coding.split(", "):
            body = encoding.encode(body, each)
        client = recording().client
        headers = (("Content-Encoding", coding),)
        packed = client.request.model_copy(update={"body": body, "headers": headers})
        return recording().model_copy(update={"client": client.model_copy(update={"request": packed})})

    assert redacted(sent("hello"), Redactor()) == sent("hello")
    with pytest.raises(SpelledOut, match="a compressed body holds one"):
        redacted(sent(KEY), Redactor())


def test_a_body_that_is_not_compressed_as_it_says_is_searched_as_it_stands() -> None:
    client = recording().client
    packed = request({"prompt": KEY}).model_copy(update={"headers": (("Content-Encoding", "gzip"),)})
    whole = recording().model_copy(update={"client": client.model_copy(update={"request": packed})})
    assert redacted(whole, Redactor()).client.request.body == compact({"prompt": MARK})


def credential(shape: Shape) -> st.SearchStrategy[str]:
    """Anything that has this shape."""
    whole = re.compile(re.escape(shape.start) + shape.rest, re.ASCII)
    rest = re.sub(r"\(\?[=!][^)]*\)", "", shape.rest)  # what looks ahead holds by chance, or not
    return st.from_regex(re.compile(rest, re.ASCII), fullmatch=True).map(shape.start.__add__).filter(whole.fullmatch)


beside = st.sampled_from(["", "key", "9", " ", "\n", "é", "=", "/", '"', "\\", '5" {"k":"', "\x1f", MARK, "a\\n"])
others = st.sampled_from(["", "hello", "Be kind", "key", "A", "7", "user", "\n", "é", "https://x/y"])


@st.composite
def bodies(draw: st.DrawFn, secret: str) -> bytes:
    """JSON, lines of JSON or events, in which a secret stands whole, within a text, or in pieces, or not at all."""
    at = draw(st.integers(0, len(secret)))
    hidden = json.dumps({"k": draw(beside) + secret}).replace("-", "\\u002d")
    said = [secret, draw(beside) + secret + draw(beside), draw(beside) + hidden, secret[:at], secret[at:]]
    texts = st.sampled_from(said) | others
    names = st.sampled_from(["content", "index", "delta", "a"])
    leaves = texts | st.sampled_from([None, True, 0, 1, 2.5, NUMBER])
    values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3))
    one = st.fixed_dictionaries({"content": texts | st.lists(texts, max_size=4)}, optional={"index": st.integers(0, 1)})
    documents = draw(st.lists(one, min_size=1, max_size=5) | st.lists(values, min_size=1, max_size=4))
    form: dict[str, Any] = draw(st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 1}]))
    written = [json.dumps(each, ensure_ascii=draw(st.booleans()), **form) for each in documents]
    before, after = draw(st.sampled_from([("", "\n"), ("data: ", "\n\n"), ("event: x\ndata:", "\n\n"), ("", "\r\n")]))
    ends = draw(st.sampled_from([("", ""), ("\ufeff", ""), (": hello\n\n", "data: [DONE]\n\n")]))
    return f"{ends[0]}{''.join(f'{before}{each}{after}' for each in written)}{ends[1]}".encode()


@st.composite
def recordings(draw: st.DrawFn, secret: str) -> Recording:
    body = draw(bodies(secret))
    if draw(st.booleans()):
        return recording(body=body)
    cut = draw(st.integers(0, len(body)))
    return answered(body[:cut], body[cut:])


@pytest.mark.parametrize("shape", [*SHAPES, Shape(LOCAL, "", OWN)], ids=lambda shape: shape.start)
@given(st.data())
@settings(max_examples=8, deadline=None)
def test_any_recording_is_the_same_whichever_way_it_is_redacted(shape: Shape, data: st.DataObject) -> None:
    secret = data.draw(credential(shape))
    both_ways(data.draw(recordings(secret)), data.draw(st.sampled_from(REDACTORS)))


def test_what_only_a_part_of_the_json_can_be_taken_for_is_not_recorded() -> None:
    made = recording(body={"model": "m", "prompt": "Jane"})
    with pytest.raises(SpelledOut, match="let it find texts only"):
        redacted(made, Redactor((), re.compile(r'"prompt":"[^"]*"')))
    assert b'"prompt":"[redacted]"' in redacted(made, Redactor((), re.compile("Jane"))).client.request.body
