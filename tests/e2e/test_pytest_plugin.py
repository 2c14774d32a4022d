"""The pytest plugin in somebody else's tests: what is recorded, replayed, and shown."""

import re
from pathlib import Path

import pytest

from tests.e2e.plugin_runs import failed, passed, run_pytest, sections, write_tests
from tests.process import KEY
from tests.upstream import Upstream


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder).parent) for path in folder.rglob("*.json"))


def test_what_was_recorded_once_is_replayed_without_upstream_and_key(tmp_path: Path, upstream: Upstream) -> None:
    tests = """
    class TestSky:
        @pytest.mark.parametrize("text", ["Why/how is the sky blue?"])
        def test_sky(self, ollama_replay, text):
            first = ask(ollama_replay.url, text)
            assert ask(str(ollama_replay), text) == first
            assert ollama_replay.url == f"http://127.0.0.1:{ollama_replay.port}"
            assert ollama_replay.folder.is_dir()
    """
    record = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": KEY}
    before = len(upstream.requests)
    passed(run_pytest(tmp_path, "--ollama-record-mode=once", tests=tests, **record), 1)
    assert len(upstream.requests) == before + 2
    shown = passed(run_pytest(tmp_path, "-rP"), 1)
    assert len(upstream.requests) == before + 2
    found = files(tmp_path / "tests")
    assert len(found) == 2
    for folder in found:
        assert re.fullmatch(r"recordings/test_it/TestSky\.test_sky\[Why-how-is-the-sky-blue-\]-[0-9a-f]{8}", folder)
    assert shown.count("replay=chat-gpt-4o-why-how-is-the-sky-blue-") == 2
    for file in tmp_path.rglob("*.json"):
        assert KEY not in file.read_text("utf-8")


@pytest.mark.slow
def test_markers_name_folder_and_options_and_the_command_line_wins(tmp_path: Path, upstream: Upstream) -> None:
    tests = """
    import os

    pytestmark = pytest.mark.ollama_replay("recordings/all", record_mode="all")

    @pytest.fixture
    def client():
        return ollama.Client()

    def test_made_by_a_fixture(client):
        assert client.chat("gpt-4o", [{"role": "user", "content": "one"}]).message.content

    @pytest.mark.ollama_replay("elsewhere")
    def test_with_a_folder_of_its_own():
        assert ask(text="two")
        assert os.environ["OLLAMA_HOST"].startswith("http://127.0.0.1:")
    """
    passed(run_pytest(tmp_path, tests=tests, OPENAI_BASE_URL=upstream.base_url, OPENAI_API_KEY=KEY), 2)
    assert files(tmp_path / "tests") == ["elsewhere", "recordings/all"]
    shown = passed(run_pytest(tmp_path, "--ollama-record-mode=none", "-k", "fixture", "-rP"), 1)
    assert "recordings are replayed" in shown


WRONG = """
def test_unrecorded(ollama_replay): ...

@pytest.mark.ollama_replay("one", "two")
def test_two_folders(): ...

@pytest.mark.ollama_replay(record_mode="sometimes")
def test_mode(): ...

@pytest.mark.ollama_replay(record_mode="new_episodes", replay_sped=2)
def test_option(): ...
"""

SHARING = r"""
@pytest.fixture(scope="module")
def server(ollama_replay_factory):
    with ollama_replay_factory(SKY) as server:
        yield server

ports = set()

@pytest.mark.parametrize("time", [1, 2])
def test_asks(server, time):
    ports.add(server.port)
    assert len(ports) == 1
    assert ask(server.url)

def test_asks_what_nobody_recorded(server):
    with pytest.raises(ollama.ResponseError, match=r"nearest.* is 'Why is it so\?'") as refusal:
        ask(server.url, "Why is it so?")
    assert refusal.value.status_code == 404

def test_fails(server):
    assert ask(server.url) == "something else"

def test_is_without_it(server):
    assert server.stop() == 0
    with pytest.raises(ConnectionError):
        ask(server.url)
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one run of both files shows under each title."""
    home = tmp_path_factory.mktemp("home")
    (home / "tests").mkdir()
    for name, tests in (("wrong", WRONG), ("sharing", SHARING)):
        write_tests(home / "tests" / f"test_{name}.py", tests)
    told = failed(run_pytest(home, "-rP"))
    assert "1 failed, 4 passed, 4 errors" in told
    assert "Traceback" not in told
    return sections(told)


def test_what_is_wrong_is_told_in_a_sentence(shown: dict[str, str]) -> None:
    errors = {name.rpartition(" ")[2]: text for name, text in shown.items() if name.startswith("ERROR at setup of ")}
    assert re.search(
        r"there are no recordings in '.*/tests/recordings/test_wrong/test_unrecorded': "
        "make them with pytest --ollama-record-mode=once",
        errors["test_unrecorded"],
    )
    assert "takes one folder, and was given ('one', 'two')" in errors["test_two_folders"]
    assert "record_mode is 'sometimes': give one of none, once, new_episodes, all" in errors["test_mode"]
    assert "did not start (exit code 1)" in errors["test_option"]
    assert "there is no option 'ollama_replay_sped': did you mean ollama_replay_speed?" in errors["test_option"]


def test_a_failing_test_shows_what_its_server_was_asked(shown: dict[str, str]) -> None:
    _, _, log = shown["test_fails"].partition("Captured ollama-openai-proxy teardown")
    assert "POST /api/chat gpt-4o 200" in log
    assert "replay=chat-gpt-4o-why-is-the-sky-blue-" in log
    assert "Why is it so?" not in log


def test_one_server_can_answer_a_whole_run_and_be_stopped(shown: dict[str, str]) -> None:
    told = "".join(shown.values())  # a line of the log may come after the test that it is about
    assert (told.count("recordings are replayed"), told.count("replay=chat-gpt-4o")) == (1, 3)


def test_a_port_that_is_none_is_refused_before_any_test(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "pytest.ini").write_text("[pytest]\nollama_replay_port = 0\n")
    result = run_pytest(tmp_path, tests="def test_nothing(): ...")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ollama_replay_port is '0': give a port from 1 to 65535" in result.stderr
