"""`python -m tests.upstream`: the server alone, for a person without a key."""

import argparse
import asyncio
import signal
import sys

from tests.upstream.faults import FAULTS
from tests.upstream.models import MODELS, UNLISTED
from tests.upstream.routes import BAD_KEY
from tests.upstream.server import Upstream

_GUIDE = """\
An OpenAI-like test server listens at {base_url} (Ctrl-C ends it).
Any key is accepted, except one that begins with {bad_key}. Models: {models}.

Try:
  curl -s {base_url}/models -H 'Authorization: Bearer x'
  curl -sN {base_url}/chat/completions -H 'Authorization: Bearer x' -H 'Content-Type: application/json' \\
    -d '{{"model":"gpt-4o","stream":true,"messages":[{{"role":"user","content":"Hello there"}}]}}'

The answer is made of the prompt: an echo; calls of the tools that the prompt names; a sentence that quotes
tool results; an instance of a response_format's schema. reasoner-1 thinks aloud.
Requests are refused as OpenAI refuses them: try "top_k":1, or "max_tokens":5 with the model gpt-5. Dated and fine-tuned
models are there too (gpt-5.4-2026-03-05, ft:gpt-4.1:acme::x). gpt-5-pro and others answer only at {base_url}/responses;
novel-1 and novel-responses-1 are models that no client can know. compat-NAME refuses and answers as that server does.

To see it misbehave, put [[fault:NAME]] into the prompt or use the model fault-NAME: 429, cut, stall-mid,
paced:20:200 ... All names: python -m tests.upstream --faults
"""


def _faults_table() -> str:
    width = max(map(len, FAULTS))
    rows = [f"  {name:<{width}}  {fault.about}" for name, fault in FAULTS.items()]
    ending = (
        "\nNAME-once:TOKEN misbehaves at the first request with that TOKEN only, as in status-once:503:a;"
        "\nNAME-forever is NAME."
        "\nAsk with [[fault:NAME]] in the last user text, the prompt or the input,"
        "\nor with the model fault-NAME, or with the key fault-NAME."
    )
    return "\n".join([*rows, ending, ""])


async def _serve(port: int, delay: float) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Upstream(port=port, delay=delay) as upstream:
        models = ", ".join([*MODELS, *UNLISTED])
        sys.stdout.write(_GUIDE.format(base_url=upstream.base_url, bad_key=BAD_KEY, models=models))
        sys.stdout.flush()
        await stopped.wait()


def main() -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=9100, help="port on 127.0.0.1, 0 for any free one (default: 9100)")
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="milliseconds before each token")
    parser.add_argument("--faults", action="store_true", help="list the ways to misbehave, and exit")
    arguments = parser.parse_args()
    if arguments.faults:
        sys.stdout.write(_faults_table())
        return 0
    try:
        asyncio.run(_serve(arguments.port, arguments.delay / 1000))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {arguments.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
