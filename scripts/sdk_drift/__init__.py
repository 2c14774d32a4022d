"""Where the `ollama` package's types and this project part ways; used by `scripts/check_sdk_types.py`."""
