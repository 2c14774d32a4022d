"""What is said at the start although nothing is wrong."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from addon.notices import (
    LONGEST_COMMAND,
    curl_command,
    misspelt,
    notices,
    parse_ollama_host,
    points_here,
    source_notices,
)
from addon.recordings.recording import Client, Recording
from addon.setting_values import networks
from addon.settings import Settings
from tests.recorded import compact, recording, request, response


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "base_url": "http://upstream/v1",
        "api_key": SecretStr(""),
        "organization": "",
        "project": "",
        "port": 11434,
        "listen": ("127.0.0.1", 11434),
        "allow": networks(["127.0.0.0/8"]),
        "hosts": (),
        "origins": (),
        "keep_alive": 0,
        "models": Path("models.toml"),
        "other_models": "hide",
        "api": None,
        "fill_in_middle": "completions",
        "request_timeout": 300,
        "max_retries": 2,
        "max_body": 128,
        "record_mode": "off",
        "recordings": Path("recordings"),
        "record_media": True,
        "companions": True,
        "redact": None,
        "replay_speed": 1.0,
        "replay_repeats": "last",
        "offline_reason": "",
        "upstream_proxy": "",
        "ca_file": None,
        "log_level": "info",
        "log_format": "text",
    }
    return Settings(**values | changes)


def test_recording_is_told_with_the_folder_and_what_stays_in_it() -> None:
    (told,) = source_notices(
        settings(record_mode="all", recordings=Path("tapes")), ("127.0.0.1", 11434), None, records=True
    )
    assert told.startswith("every exchange is kept in tapes (ollama_record_mode (PROXY_RECORD_MODE) is 'all')")
    assert "prompts and answers are not" in told


def test_new_episodes_are_told_with_what_there_is_already() -> None:
    made = settings(record_mode="new_episodes", recordings=Path("tapes"))
    (told,) = source_notices(made, ("127.0.0.1", 11434), [recording()], records=True)
    assert told.startswith(
        "what is recorded in tapes is replayed (1 by now), and every other exchange is live and kept"
    )


def test_a_live_proxy_that_keeps_nothing_says_nothing_of_recordings() -> None:
    assert source_notices(settings(), ("127.0.0.1", 11434), None, records=False) == []


def test_a_plain_environment_has_no_notices() -> None:
    assert notices({"OLLAMA_HOST": " ", "HTTPS_PROXY": ""}, settings()) == []


def test_a_misspelt_option_is_told_with_the_nearest_name() -> None:
    assert misspelt(["ollama_prot", "ollama-port", "other", "flow_detail"]) == [
        "there is no option 'ollama_prot': did you mean ollama_port?",
        "there is no option 'ollama-port': did you mean ollama_port?",
    ]
    (sentence,) = misspelt(["ollama_zzzzzzzzzzzz"])
    assert "there are ollama_allow, ollama_api," in sentence


def test_proxy_variables_that_are_not_used_are_told_without_their_values() -> None:
    environ = {"HTTPS_PROXY": "http://user:hidden@proxy:1", "all_proxy": "socks5://hidden"}
    (sentence,) = notices(environ, settings())
    assert sentence.startswith("HTTPS_PROXY and all_proxy set, but not used")
    assert "ollama_upstream_proxy (PROXY_UPSTREAM_PROXY)" in sentence
    assert "hidden" not in sentence
    assert notices(environ, settings(upstream_proxy="http://proxy:1")) == []


def test_clients_that_are_sent_elsewhere_are_told() -> None:
    (sentence,) = notices({"OLLAMA_HOST": "http://user:hidden@nas:11434"}, settings())
    assert "points to 'http://nas:11434'" in sentence
    assert "ollama_listen (PROXY_LISTEN)" in sentence
    assert "hidden" not in sentence


def test_a_listener_on_all_addresses_is_told_with_who_may_ask() -> None:
    (sentence,) = notices({}, settings(listen=("0.0.0.0", 11434), allow=networks(["10.0.0.0/8"])))
    assert sentence.startswith("ollama_listen is '0.0.0.0', all addresses of this machine: clients in 10.0.0.0/8")


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", ("http", "127.0.0.1", 11434)),
        ("1.2.3.4", ("http", "1.2.3.4", 11434)),
        ("1.2.3.4:1234", ("http", "1.2.3.4", 1234)),
        (":1234", ("http", "127.0.0.1", 1234)),
        ("http://nas", ("http", "nas", 80)),
        ("https://nas/path", ("https", "nas", 443)),
        ("ollama.com", ("https", "ollama.com", 443)),
        ("nas:99999", ("http", "nas", 11434)),
        ("nas:port/x", ("http", "nas", 11434)),
        ("::1", ("http", "::1", 11434)),
        ("[::1]", ("http", "::1", 11434)),
        ("[::1]:1234", ("http", "::1", 1234)),
        ("'\"nas:1\" ' ", ("http", "nas", 1)),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(value: str, parts: tuple[str, str, int]) -> None:
    assert parse_ollama_host(value) == parts


@pytest.mark.parametrize(
    ("value", "listen", "here"),
    [
        ("127.0.0.1", ("127.0.0.1", 11434), True),
        ("localhost:11434", ("127.0.0.1", 11434), True),
        ("localhost", ("::1", 11434), True),
        ("[::1]", ("localhost", 11434), True),
        ("0.0.0.0", ("127.0.0.1", 11434), True),
        ("[::]", ("::1", 11434), True),
        ("nas", ("0.0.0.0", 11434), True),
        ("nas", ("127.0.0.1", 11434), False),
        ("nas", ("localhost", 11434), False),
        ("::1", ("127.0.0.1", 11434), False),
        ("127.0.0.1:11435", ("127.0.0.1", 11434), False),
        ("https://127.0.0.1:11434", ("127.0.0.1", 11434), False),
    ],
)
def test_whether_ollama_host_points_here(value: str, listen: tuple[str, int], here: bool) -> None:
    assert points_here(value, listen) is here


def replaying(reason: str = "set OPENAI_API_KEY") -> Settings:
    return settings(record_mode="none", recordings=Path("/some/recordings"), offline_reason=reason)


def answered(name: str, body: Any, path: str = "/api/chat", status: int = 200) -> Recording:
    made = recording(name=name)
    asked = request(body, "POST" if body else "GET", path)
    client = Client(request=asked, response=response(status=status), end="complete", end_ms=1.0)
    return made.model_copy(update={"client": client})


def test_a_replay_says_why_it_is_one_and_what_can_be_tried() -> None:
    recordings = [
        answered("a", {"prompt": "x" * LONGEST_COMMAND}, "/api/generate"),
        answered("b", {"model": "m", "prompt": "a longer one"}),
        answered("c", {"model": "m", "prompt": "it's"}),
        answered("d", {"model": "m"}, status=404),
        answered("e", b"", "/api/tags"),
    ]
    assert source_notices(replaying(), ("0.0.0.0", 11434), recordings, records=False) == [
        "recordings are replayed, and nothing is asked elsewhere: set OPENAI_API_KEY",
        "there are 5 recordings in /some/recordings, such as",
        """curl -sN http://127.0.0.1:11434/api/chat -d '{"model":"m","prompt":"it'"'"'s"}'""",
        "curl -sN http://127.0.0.1:11434/api/tags",
    ]


def test_a_replay_that_was_asked_for_says_so() -> None:
    first, second = source_notices(
        replaying(""), ("127.0.0.1", 1), [answered("a", {"x": "y" * LONGEST_COMMAND})], records=False
    )
    assert first.endswith("ollama_record_mode (PROXY_RECORD_MODE) is 'none'")
    assert second == "there is 1 recording in /some/recordings"


def test_a_replay_of_nothing_says_which_option_names_the_folder() -> None:
    assert source_notices(replaying(), ("127.0.0.1", 11434), [], records=False)[1:] == [
        "there are no recordings in /some/recordings, so nothing can be answered: see ollama_recordings "
        "(PROXY_RECORDINGS)"
    ]


def test_a_command_can_be_pasted_into_a_shell() -> None:
    body = {"prompt": "it's $HOME and `id`"}
    command = curl_command("http://[::1]:11434", request(body))
    assert shlex.split(command) == ["curl", "-sN", "http://[::1]:11434/api/chat", "-d", compact(body).decode()]
