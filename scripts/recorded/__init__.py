"""What `scripts/recordings.py` and `scripts/rerecord.py` know of recordings."""
