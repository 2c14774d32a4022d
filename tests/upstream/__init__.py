"""An OpenAI-like server for tests and for a person without a key: strict as OpenAI is, and misbehaving on command.

`python -m tests.upstream` starts it alone. In tests: `from tests.upstream import Upstream`.

    wording, instances          words and JSON values
    families, models            what there is, and what each family of models takes
    refusals, schemas, tools,   what OpenAI refuses, in its words
    messages, parameters, strict
    answers, chat, completions, what is said, in each endpoint's form
    embeddings
    directives, faults,         what a request can ask for beside an answer
    sayings, edits, framing
    routes, ledger, player,     from a request to bytes
    server
"""

from tests.upstream.ledger import Received
from tests.upstream.server import Upstream

__all__ = ["Received", "Upstream"]
