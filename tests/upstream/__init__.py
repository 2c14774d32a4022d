"""An OpenAI-like server for tests and for a person without a key: strict as OpenAI is, and misbehaving on command.

It plays every family of OpenAI's models, on Chat Completions and the Responses API, and compatible servers' habits.

`python -m tests.upstream` starts it alone. In tests: `from tests.upstream import Upstream`.

    wording, instances          words and JSON values
    families, models            what there is, and what each family of models takes
    refusals, schemas, tools,   what OpenAI refuses, in its words
    messages, parameters, strict
    response_items, _parameters the same for the Responses API
    strict_responses
    compat, compat_checks       what compatible servers refuse and do in other ways
    answers, chat, responses,   what is said, in each endpoint's form
    completions, embeddings
    seals                       what clients must bring back unchanged
    directives, faults,         what a request can ask for beside an answer
    sayings, edits, framing
    routes, ledger, player,     from a request to bytes
    server
"""

from tests.upstream.ledger import Received
from tests.upstream.server import Upstream

__all__ = ["Received", "Upstream"]
