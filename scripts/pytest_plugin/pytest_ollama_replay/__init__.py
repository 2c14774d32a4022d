"""pytest plugin: what a test asks an Ollama server is recorded once, and replayed without a network.

The server is ollama-openai-proxy. It runs as a process in an environment of its own: nothing of it is imported here,
and none of its dependencies meet those of the tests.

    plugin          hooks and fixtures
    options         what the ini file, markers and the command line ask of the proxy
    installation    where the proxy is, how it is run, and what of the environment it gets
    process         a proxy that runs
"""

from .process import OllamaReplay

__all__ = ["OllamaReplay"]
