"""Make the recordings that come with the project: demo requests, answered by the tests' own upstream.

    uv run python -m scripts.record_demo

They are what is replayed where there is no key, and what the tests of the translators compare with. Two runs differ in
times, dates, the upstream's request ids, and where the network cut an answer into pieces: a recording in which nothing
else would change stays as it is.
"""

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from addon.environment import PROJECT_ROOT
from addon.recordings.files import read_recordings
from addon.recordings.layout import recording_text
from addon.recordings.recording import Recording, Response
from scripts.demo_asking import ask, gone_on
from scripts.demo_requests import CONVERSATIONS, DEMO
from scripts.recorded.masking import masked
from tests.process import serving
from tests.upstream import Upstream

FOLDER = PROJECT_ROOT / "recordings"

ABOUT = "Made by scripts/record_demo.py against the project's own test upstream (tests/upstream), not against OpenAI."

UPSTREAM_PORT = 9100
"""A fixed port, because recordings hold the upstream's address."""
TOKEN_SECONDS = 0.04
HEADERS = {"User-Agent": "record-demo"}
REQUEST_ID = re.compile(r"req_[0-9a-f]{32}")
"""The upstream numbers its requests."""


def main() -> None:
    """Make the recordings, in the place of those that were made so before."""
    parser = argparse.ArgumentParser(description="Make the recordings that come with the project.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they go (default: %(default)s)")
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as home:
        sent = record(Path(home))
        recordings = [each.model_copy(update={"about": ABOUT}) for each in read_recordings(Path(home) / "recordings")]
    if len(recordings) != sent:
        raise SystemExit(f"{sent} requests were sent, but there are {len(recordings)} recordings: look at the log")
    changed, gone = put(recordings, folder)
    print(f"{len(recordings)} recordings in {folder}: {changed} written, {gone} removed, the others as they were")


def put(recordings: Sequence[Recording], folder: Path) -> tuple[int, int]:
    """Put recordings into a folder in the place of those that were made so before.

    Args:
        recordings: With `ABOUT`.
        folder: Made when it is not there; other recordings in it stay.

    Returns:
        How many files were written, and how many were removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    earlier = {each.name: outcome(each) for each in read_recordings(folder) if each.about == ABOUT}
    changed = [each for each in recordings if earlier.pop(each.name, None) != outcome(each)]
    for name in earlier:
        (folder / f"{name}.json").unlink()
    for recording in changed:
        (folder / f"{recording.name}.json").write_text(recording_text(recording), "utf-8", newline="\n")
    return len(changed), len(earlier)


def outcome(recording: Recording) -> str:
    """What is the same for two recordings that differ only in what differs between two runs."""
    known = masked(recording)
    calls = [call.model_copy(update={"response": _whole(call.response)}) for call in known.upstream]
    client = known.client.model_copy(update={"response": _whole(known.client.response)})
    return REQUEST_ID.sub("", recording_text(known.model_copy(update={"client": client, "upstream": tuple(calls)})))


def _whole(response: Response | None) -> Response | None:
    if response is None:
        return None
    return response.model_copy(update={"chunks": ((0.0, response.body),)})


def record(home: Path) -> int:
    """Send the demo requests through a proxy that records into `home/recordings`; how many there were."""
    arguments = ["--set", "ollama_record_mode=all", "--set", f"ollama_recordings={home / 'recordings'}"]
    with (
        Upstream.in_thread(port=UPSTREAM_PORT, delay=TOKEN_SECONDS) as upstream,
        serving(upstream.base_url, home, *arguments) as proxy,
    ):
        for method, path, body in DEMO:
            ask(proxy.port, method, path, body, HEADERS)
        for first, results in CONVERSATIONS:
            answer = ask(proxy.port, "POST", "/api/chat", first, HEADERS).body
            ask(proxy.port, "POST", "/api/chat", gone_on(first, answer, results), HEADERS)
    return len(DEMO) + 2 * len(CONVERSATIONS)


if __name__ == "__main__":
    main()
