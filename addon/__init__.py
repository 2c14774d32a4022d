"""What touches the world: mitmproxy, the network, the clock, files, the environment."""

from typing import Final

PROXY_VERSION: Final = "0.1.0"
"""As in pyproject.toml."""
