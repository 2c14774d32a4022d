"""What `scripts/bench.py` is made of."""


class BenchError(Exception):
    """The benchmark cannot go on; the message says why and what to do."""
