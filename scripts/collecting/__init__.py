"""What `scripts/collect_recordings.py` is made of: which requests, of which models, at what cost, and where they go."""


class NothingAskedError(Exception):
    """There is nothing to go on with; the message says why and what to do."""
