"""The scan of recordings finds secrets wherever they hide, names them, and shows none."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from addon.environment import PROJECT_ROOT, read_environment
from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording
from addon.recordings.redacting import redacted
from addon.redaction.media import without_media
from addon.redaction.redactor import MARK, Redactor
from addon.redaction.secret_search import SecretSearch
from scripts import scan_recordings
from scripts.scan_recordings import main, problems_of
from tests.recorded import compact, recording, request, response, upstream_call
from tests.setting_sources import isolated
from tests.unit.test_redact import KEY, SHAPED

OWN = "my-local-server-key-77"

type Plant = Callable[[str], Recording]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = isolated(monkeypatch, tmp_path)
    monkeypatch.setattr(scan_recordings, "read_environment", lambda: read_environment(root))


def written(folder: Path, made: Recording) -> Path:
    path = folder / f"{made.name}.json"
    path.write_text(recording_text(made), "utf-8")
    return path


def event(**delta: object) -> bytes:
    return b"data: " + compact({"choices": [{"index": 0, "delta": delta}]}) + b"\n\n"


def answered(*pieces: bytes) -> Recording:
    return recording(upstream_call(response=response(*((float(at), piece) for at, piece in enumerate(pieces)))))


def in_base64(secret: str) -> Recording:
    return answered(b"\xff" + secret.encode() + b"\xff")


def spelled_out(secret: str) -> Recording:
    return answered(*(event(content=token) for token in secret))


def over_pieces(secret: str) -> Recording:
    return answered(secret[:7].encode(), secret[7:].encode())


def behind_escapes(secret: str) -> Recording:
    escapes = "".join(f"\\u{ord(letter):04x}" for letter in secret)
    return answered(f'{{"content":"{escapes}"}}'.encode())


PLANTED: list[tuple[Plant, str]] = [
    (lambda secret: recording(body={"prompt": secret}), "client.request.body: "),
    (lambda secret: recording(about=f"with {secret}"), "about: "),
    (lambda secret: recording(upstream_call(request=request(path=f"/x?q={secret}"))), "upstream[0].request.path: "),
    (lambda secret: recording(upstream_call(url=f"http://x/{secret}/v1")), "upstream[0].url: "),
    (lambda secret: recording(upstream_call(error=f"UpstreamBroken: {secret}")), "upstream[0].error: "),
    (lambda secret: recording(upstream_call(response=response(x_told=secret))), "upstream[0].response.headers: "),
    (over_pieces, "upstream[0].response.chunks: "),
    (in_base64, "upstream[0].response.chunks: "),
    (behind_escapes, "upstream[0].response.chunks: "),
    (spelled_out, "upstream[0].response.chunks, put together: "),
]


@pytest.mark.parametrize(("plant", "place"), PLANTED)
@pytest.mark.parametrize("secret", [*(shape for shape in SHAPED if "\n" not in shape), OWN])
def test_a_secret_is_found_wherever_it_hides(
    plant: Plant,
    place: str,
    secret: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OWN)
    path = written(tmp_path, plant(secret))
    assert main([str(path)]) == 1
    output = capsys.readouterr().out
    assert output.startswith(f"{path}: {place}")
    assert output.count(f"(…{secret[-4:]})") == output.count("\n") - 1
    assert secret not in output


def test_each_shape_is_named() -> None:
    assert {str(find.kind) for secret in SHAPED for find in SecretSearch((), None).hits(secret.encode())} >= {
        "an API key (sk-)",
        "an OpenAI organisation",
        "an OpenAI project",
        "a JSON Web Token",
        "a private key",
    }


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "PROXY_REDACT"])
def test_the_secrets_of_the_environment_are_looked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, recording(body={"prompt": f"it is {OWN}"}))
    assert main([str(path)]) == 0
    monkeypatch.setenv(name, OWN)
    assert main([str(path)]) == 1


@pytest.mark.parametrize("text", ["Jørgen Doe", "J\\u00f8rgen Doe"])
def test_a_pattern_is_looked_for(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, answered(f'{{"content":"{text}"}}'.encode()))
    assert main([str(path), "--pattern", "jørgen"]) == 0
    assert main([str(path), "--pattern", "(?i)jørgen doe"]) == 1
    assert "what the pattern finds (…)" in capsys.readouterr().out


def test_pictures_are_not_searched(tmp_path: Path) -> None:
    picture = base64.b64encode(bytes(range(256)) * 8).decode()
    path = written(
        tmp_path,
        recording(body={"prompt": "it\\n", "images": [picture], "more": without_media(compact([picture])).decode()}),
    )
    assert main([str(path), "--pattern", r"\d{5}|AAEC"]) == 0


@pytest.mark.parametrize("name", ["Authorization", "cookie", "api-key", "OpenAI-Organization"])
def test_headers_that_hold_credentials_should_not_be_there(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sent(value: str) -> Path:
        made = request().model_copy(update={"headers": ((name, value),)})
        return written(tmp_path, recording(upstream_call(request=made)))

    assert main([str(sent("plain"))]) == 1
    assert f"upstream[0].request.headers: a header {name} (…)" in capsys.readouterr().out
    assert main([str(sent(MARK))]) == 0


def test_parameters_and_passwords_that_are_secret_by_their_place_are_found(tmp_path: Path) -> None:
    def asked(path: str, password: str) -> list[str]:
        made = request({"model": "m", "password": password}, path=path)
        return problems_of(written(tmp_path, recording(upstream_call(request=made))), SecretSearch((), None))

    (parameter, password) = asked("/api/pull?api_key=1234", "hunter2")
    assert "upstream[0].request.path: a parameter api_key (…)" in parameter
    assert "upstream[0].request.body: a password (…)" in password
    assert asked(f"/api/pull?api_key={MARK}", MARK) == []
    assert asked("/api/chat?page=1234", "hunter2") == []


def test_what_was_redacted_is_clean(tmp_path: Path) -> None:
    for plant, _ in PLANTED:
        if plant is not spelled_out:
            assert main([str(written(tmp_path, redacted(plant(KEY), Redactor())))]) == 0


def test_a_file_that_is_no_recording_is_told_and_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.json"
    path.write_text(json.dumps({"key": KEY}))
    assert main([str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert f"{path} is no recording: " in output
    assert f"{path}: the file: an API key (sk-) (…Ab1_)" in output
    assert "1 files: 2 problems" in output


def test_the_recordings_of_the_project_hold_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    count = len(list((PROJECT_ROOT / "recordings").glob("*.json")))
    assert capsys.readouterr().out == f"{count} files: no problems\n"


@pytest.mark.parametrize("arguments", [["nowhere.json"], ["--pattern", "("], ["--pattern", "x*"], ["--secret"]])
def test_a_wrong_command_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m scripts.scan_recordings" in capsys.readouterr().err
