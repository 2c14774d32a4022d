"""Requests that manage models as Ollama reads them: values, defaults, and the text of every refusal."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from translators.errors import RequestError
from translators.go_struct import GoStruct, json_key
from translators.ollama_manage_requests import (
    CreateRequest,
    PullRequest,
    copy_request,
    create_request,
    delete_request,
    pull_request,
    push_request,
)

DIGEST = "sha256:" + "1" * 64

type Reader = Callable[[bytes], GoStruct]

READERS: list[Reader] = [pull_request, push_request, create_request, copy_request, delete_request]
READERS_OF_A_MODEL: list[Reader] = [pull_request, push_request, create_request, delete_request]


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def create(**fields: Any) -> CreateRequest:
    return create_request(body(**{"model": "m", **fields}))


@pytest.mark.parametrize("read", READERS_OF_A_MODEL)
@pytest.mark.parametrize("fields", [{"model": "a"}, {"name": "a"}, {"model": "", "name": "a"}, {"MODEL": "a"}])
def test_the_model_is_named_in_the_new_way_or_the_old_one(read: Reader, fields: dict[str, str]) -> None:
    assert read(body(**fields)).model_dump()["model"] == "a"


@pytest.mark.parametrize("read", READERS_OF_A_MODEL)
def test_of_both_names_the_new_one_counts(read: Reader) -> None:
    assert read(body(model="a", name="b")).model_dump()["model"] == "a"


@pytest.mark.parametrize("read", [pull_request, push_request])
def test_a_transfer_is_streamed_unless_it_is_asked_not_to(read: Callable[[bytes], PullRequest]) -> None:
    assert read(body(model="a")).stream
    assert not read(body(model="a", stream=False)).stream


def test_a_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(pull_request(body(model="a", password="hunter2")))


@pytest.mark.parametrize("field", sorted(CreateRequest.model_fields.keys() - {"model"}))
def test_a_null_field_of_create_is_an_absent_field(field: str) -> None:
    assert create(**{json_key(field): None}) == create()


def test_everything_that_can_be_asked_of_create_is_read() -> None:
    request = create(
        stream=False,
        template="t",
        files={"x.gguf": DIGEST},
        adapters={"a.gguf": DIGEST},
        draft_files={"d.gguf": DIGEST},
        messages=[{"role": "USER", "content": "hi"}],
        license=["MIT"],
        parameters={"temperature": "hot"},
        **{"from": "base"},
    )
    assert (request.from_, request.stream, request.template, request.license) == ("base", False, "t", ["MIT"])
    assert (request.files, request.adapters) == ({"x.gguf": DIGEST}, {"a.gguf": DIGEST})
    assert (request.draft_files, request.parameters) == ({"d.gguf": DIGEST}, {"temperature": "hot"})
    assert [message.role for message in request.messages] == ["user"]


def test_no_files_and_an_empty_list_of_them_differ() -> None:
    assert create().files is None
    assert create(files={}).files == {}


REFUSALS: list[tuple[Reader, bytes, str]] = [
    *((read, b"", "missing request body") for read in READERS),
    *((read, b"{", "unexpected EOF") for read in READERS),
    (pull_request, b"[]", "json: cannot unmarshal array into Go value of type api.PullRequest"),
    (push_request, b"[]", "json: cannot unmarshal array into Go value of type api.PushRequest"),
    (copy_request, b"1", "json: cannot unmarshal number into Go value of type api.CopyRequest"),
    (
        pull_request,
        body(model="m", stream="no"),
        "json: cannot unmarshal string into Go struct field PullRequest.stream of type bool",
    ),
    (
        push_request,
        body(model="m", insecure=1),
        "json: cannot unmarshal number into Go struct field PushRequest.insecure of type bool",
    ),
    (
        create_request,
        body(**{"from": 1}),
        "json: cannot unmarshal number into Go struct field CreateRequest.from of type string",
    ),
    (
        create_request,
        body(files=[]),
        "json: cannot unmarshal array into Go struct field CreateRequest.files of type map[string]string",
    ),
    (
        create_request,
        body(files={"a": 1}),
        "json: cannot unmarshal number into Go struct field CreateRequest.files of type string",
    ),
    (
        create_request,
        body(messages=["hi"]),
        "json: cannot unmarshal string into Go struct field CreateRequest.messages of type api.Alias",
    ),
    (pull_request, body(), "invalid model name"),
    (pull_request, body(model=" "), "invalid model name"),
    (pull_request, body(model="a b"), "invalid model name"),
    (pull_request, body(model="a:cloud:local"), 'use either :local or :cloud, not both: "a:cloud:local"'),
    (push_request, body(), "model is required"),
    (delete_request, body(), "model is required"),
    (delete_request, body(model=" "), "model is required"),
    (delete_request, body(model="a b"), 'name "a b" is invalid'),
    (delete_request, body(name='"'), 'name "\\"" is invalid'),
    (delete_request, body(model="a:cloud:local"), 'use either :local or :cloud, not both: "a:cloud:local"'),
    (copy_request, body(), 'source "" is invalid'),
    (copy_request, body(source="a b", destination="a b"), 'source "a b" is invalid'),
    (copy_request, body(source=" a", destination="b"), 'source " a" is invalid'),
    (copy_request, body(source="a"), 'destination "" is invalid'),
    (copy_request, body(source="a", destination="b "), 'destination "b " is invalid'),
    (create_request, body(), "invalid model name"),
    (create_request, body(model="a b"), "invalid model name"),
    (create_request, body(model=" a"), "invalid model name"),
    # What is wrong with the files is told before what is wrong with the name.
    (create_request, body(files={"/x.gguf": DIGEST}), "file path must be relative"),
    (create_request, body(draft_files={"/x.gguf": DIGEST}), "file path must be relative"),
    (create_request, body(files={"x.gguf": ""}), "invalid digest format"),
    (create_request, body(files={"x.gguf": None}), "invalid digest format"),
    (create_request, body(draft_files={"x.gguf": ""}), "invalid digest format"),
    (create_request, body(adapters={"x.gguf": ""}), "invalid digest format"),
    (create_request, body(draft_quantize="q8_0"), "--draft-quantize requires a DRAFT model"),
]


@pytest.mark.parametrize(("read", "content", "text"), REFUSALS)
def test_a_refusal_has_ollamas_text(read: Reader, content: bytes, text: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(content)
    assert (caught.value.status, caught.value.message) == (400, text)


@pytest.mark.parametrize("path", ["x.gguf", "a/b.gguf", ".", "a..b", ".hidden", "a b"])
def test_a_path_within_its_folder_is_taken(path: str) -> None:
    assert create(files={path: DIGEST}).files == {path: DIGEST}


@pytest.mark.parametrize("path", ["", "/", "/a", "..", "../a", "a/..", "a/../b", "./a", "a/", "a//b", "a/."])
def test_a_path_that_is_not_clean_and_relative_is_refused(path: str) -> None:
    with pytest.raises(RequestError, match="file path must be relative"):
        create(files={path: DIGEST})


def test_an_adapters_path_is_not_looked_at() -> None:
    assert create(adapters={"/a.gguf": DIGEST}).adapters


@pytest.mark.parametrize(
    "model", ["gpt-4o", "ft:gpt-4o:org::x", "127.0.0.1:9/library/x", "http://host/library/x", " m"]
)
def test_a_name_that_some_host_could_have_is_pulled_as_asked(model: str) -> None:
    assert pull_request(body(model=model)).model == model


@pytest.mark.parametrize("model", ["a b", " ", "<"])
def test_a_name_that_no_model_can_have_is_pushed_all_the_same(model: str) -> None:
    assert push_request(body(model=model)).model == model
