"""Which API is asked where the user says it: for all models, for one in a models.toml, and for the gap of a suffix."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.e2e.families_table import WEATHER
from tests.e2e.heard import hear
from tests.e2e.relays import relay, strictly
from tests.process import Process, serving
from tests.upstream import Upstream
from tests.upstream.routes import Reply

CHAT, RESPONSES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/completions"
USER = [{"role": "user", "content": "hello there"}]
ASKS_FOR_WEATHER = [{"role": "user", "content": "weather in Oslo"}]

HINT = r".* \(ollama_api or models\.toml says to ask Chat Completions\)"

both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def by_responses(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(upstream.base_url, tmp_path_factory.mktemp("home"), PROXY_API="responses") as process:
        yield process


@pytest.fixture(scope="module")
def by_chat(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(upstream.base_url, tmp_path_factory.mktemp("home"), PROXY_API="chat") as process:
        yield process


def paths_since(upstream: Upstream, before: int) -> list[str]:
    return [each.path for each in upstream.requests[before:]]


@both
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5", "gpt-5.4", "gpt-5-pro", "reasoner-1"])
def test_all_models_are_asked_by_the_responses_api_where_that_is_demanded(
    by_responses: Process, upstream: Upstream, model: str, stream: bool
) -> None:
    before = len(upstream.requests)
    options = {"temperature": 0.5, "stop": ["zzz"], "seed": 3, "num_predict": 5000}
    with ollama.Client(by_responses.url, trust_env=False) as client:
        said = hear(client, model, USER, stream=stream, options=options)
        called = hear(client, model, ASKS_FOR_WEATHER, stream=stream, tools=[WEATHER])
    assert said.text == "You said: hello there"
    assert called.called == ["weather"]
    assert paths_since(upstream, before) == [RESPONSES, RESPONSES]


@both
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5", "gpt-5.4", "gpt-5.6-terra", "gpt-6-sol", "reasoner-1"])
def test_all_models_are_asked_by_chat_completions_where_that_is_demanded(
    by_chat: Process, upstream: Upstream, model: str, stream: bool
) -> None:
    before = len(upstream.requests)
    with ollama.Client(by_chat.url, trust_env=False) as client:
        said = hear(client, model, USER, stream=stream)
        called = hear(client, model, ASKS_FOR_WEATHER, stream=stream, tools=[WEATHER])
    assert said.text == "You said: hello there"
    assert called.called == ["weather"]
    assert paths_since(upstream, before) == [CHAT, CHAT]


@both
@pytest.mark.parametrize(
    ("api", "model", "tools", "status", "told"),
    [
        ("chat", "gpt-5-pro", [], 404, f"only supported in v1/responses{HINT}"),
        ("chat", "gpt-6-astra", [WEATHER], 400, f"Please use /v1/responses instead{HINT}"),
        ("chat", "gpt-3.5-turbo-instruct", [], 404, f"This is not a chat model{HINT}"),
        ("responses", "gpt-4o-search-preview", [], 400, "not supported with the Responses API"),
        ("responses", "gpt-3.5-turbo-instruct", [], 400, "not supported with the Responses API"),
        ("responses", "compat-vllm", [WEATHER], 400, "not supported with the Responses API"),
    ],
)
def test_what_the_demanded_api_refuses_is_told_and_no_other_is_asked(
    request: pytest.FixtureRequest,
    upstream: Upstream,
    api: str,
    model: str,
    tools: list[Any],
    status: int,
    told: str,
    stream: bool,
) -> None:
    process: Process = request.getfixturevalue(f"by_{api}")
    before = len(upstream.requests)
    with (
        ollama.Client(process.url, trust_env=False) as client,
        pytest.raises(ollama.ResponseError, match=told) as refused,
    ):
        hear(client, model, ASKS_FOR_WEATHER, stream=stream, tools=tools)
    assert refused.value.status_code == status
    assert paths_since(upstream, before) == [CHAT if api == "chat" else RESPONSES]


@pytest.mark.parametrize("process", ["by_chat", "by_responses"])
def test_generate_with_raw_or_suffix_is_text_to_go_on_with_all_the_same(
    request: pytest.FixtureRequest, upstream: Upstream, process: str
) -> None:
    before = len(upstream.requests)
    with ollama.Client(request.getfixturevalue(process).url, trust_env=False) as client:
        assert client.generate("gpt-3.5-turbo-instruct", "a", suffix="b").response == " between a and b"
        assert client.generate("gpt-3.5-turbo-instruct", "once upon", raw=True).response
    assert paths_since(upstream, before) == [COMPLETIONS, COMPLETIONS]


MODELS_TOML = """
[models.my-deployment]
base_model = "gpt-5.4"

[models."my-other*"]
base_model = "gpt-5-pro"

[models."my-*-here"]
base_model = "gpt-4o"
api = "responses"

[models.my-novelty]
api = "chat"
"""


def deployments(path: str, body: dict[str, Any]) -> Reply:
    """A server whose models have names of their own."""
    bases = {"my-deployment": "gpt-5.4", "my-other-one": "gpt-5-pro", "my-gpt-here": "gpt-4o", "my-novelty": "novel-1"}
    return strictly(path, {**body, "model": bases[body["model"]]})


def test_a_models_toml_tells_what_is_behind_a_deployment_and_by_which_api_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(MODELS_TOML)
    settings = {"PROXY_MODELS": str(tmp_path / "models.toml")}
    options = {"temperature": 0.5, "num_predict": 300}
    with relay(deployments) as upstream, serving(upstream.base_url, tmp_path, **settings) as proxy:
        with ollama.Client(proxy.url, trust_env=False) as client:
            hear(client, "my-deployment", USER, options=options, think="low")
            hear(client, "my-deployment", ASKS_FOR_WEATHER, tools=[WEATHER], think=True)
            hear(client, "my-other-one", USER, options=options)
            hear(client, "my-gpt-here", USER, options=options)
            hear(client, "my-novelty", ASKS_FOR_WEATHER, tools=[WEATHER])  # the 400 names two ways, one is ruled out
        assert "the upstream refused a request until it was changed: reasoning_effort set to 'none'" in proxy.output
    assert upstream.paths == [CHAT, RESPONSES, RESPONSES, RESPONSES, CHAT, CHAT]
    plain, tools, pro, forced, refused, mended = (body for _, body in upstream.asked)
    assert plain["model"] == tools["model"] == "my-deployment"
    assert (plain["max_completion_tokens"], plain["reasoning_effort"]) == (25_300, "low")
    assert "temperature" not in plain
    assert tools["reasoning"]["effort"] == "medium"
    assert (pro["model"], pro["max_output_tokens"], "temperature" in pro) == ("my-other-one", 25_300, False)
    assert (forced["model"], forced["max_output_tokens"], forced["temperature"]) == ("my-gpt-here", 300, 0.5)
    assert (refused.get("reasoning_effort"), mended["reasoning_effort"]) == (None, "none")


@both
def test_a_chat_model_fills_a_gap_by_a_prompt_where_the_user_wants_that(
    upstream: Upstream, tmp_path: Path, stream: bool
) -> None:
    asked: Any = {"model": "gpt-4o", "prompt": "def f(a):\n", "suffix": "\n    return b", "stream": stream}
    with (
        serving(upstream.base_url, tmp_path, PROXY_FILL_IN_MIDDLE="chat") as proxy,
        ollama.Client(proxy.url, trust_env=False) as client,
    ):
        answer: Any = client.generate(**asked, system="Write Python.")
        text = "".join(part.response for part in answer) if stream else answer.response
        number = len(upstream.requests) - 1
        line = proxy.wait_for(f" upstream=req_{number:032x}")
        with_legacy = client.generate("gpt-3.5-turbo-instruct", "a", suffix="b").response
    assert text == "You said: def f(a):\n{{GAP}}\n    return b"
    assert "suffix converted: into a prompt that asks a chat model for the text in the gap" in line
    system, user = upstream.requests[number].json["messages"]
    assert system["content"].startswith("Write Python.\n\nYou complete text and code")
    assert user["content"] == "def f(a):\n{{GAP}}\n    return b"
    assert with_legacy == " between a and b"  # which can do it by itself


@both
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-pro", "reasoner-1", "compat-think"])
def test_without_that_a_chat_model_does_not_support_insert(client: ollama.Client, model: str, stream: bool) -> None:
    asked: Any = {"model": model, "prompt": "a", "suffix": "b", "stream": stream}
    with pytest.raises(ollama.ResponseError) as refused:
        list(client.generate(**asked))
    assert (refused.value.status_code, refused.value.error) == (
        400,
        f"registry.ollama.ai/library/{model}:latest does not support insert",
    )
