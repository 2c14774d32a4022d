"""Whose models an upstream has: providers by the host of the base URL, and by what stands before a slash in an id.

Providers are called as in `model_catalogue.json`.
"""

from typing import Final
from urllib.parse import urlsplit

# Ends of hosts, as the providers' documentation gives their base URLs.
_HOSTS: Final = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure",
    "cognitiveservices.azure.com": "azure",
    "services.ai.azure.com": "azure",
    "api.anthropic.com": "anthropic",
    "api.cerebras.ai": "cerebras",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "aliyuncs.com": "dashscope",
    "api.deepinfra.com": "deepinfra",
    "api.deepseek.com": "deepseek",
    "api.fireworks.ai": "fireworks",
    "generativelanguage.googleapis.com": "gemini",
    "api.groq.com": "groq",
    "api.minimax.io": "minimax",
    "api.minimaxi.com": "minimax",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshot",
    "api.moonshot.cn": "moonshot",
    "nebius.com": "nebius",
    "api.novita.ai": "novita",
    "api.perplexity.ai": "perplexity",
    "api.sambanova.ai": "sambanova",
    "api.together.ai": "together",
    "api.together.xyz": "together",
    "api.voyageai.com": "voyage",
    "api.x.ai": "xai",
    "api.z.ai": "zai",
    "open.bigmodel.cn": "zai",
}

# Vendors in ids of OpenRouter, Vercel and litellm that are not called like the provider.
_VENDORS: Final = {
    "azure_ai": "azure",
    "fireworks_ai": "fireworks",
    "google": "gemini",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
    "together_ai": "together",
    "x-ai": "xai",
    "z-ai": "zai",
}

_WITH_OTHERS: Final = {"azure": ("openai", "azure", "azure-ai")}
"""Who has other providers' models under their own names too."""

MAKERS: Final = (
    "openai",
    "anthropic",
    "gemini",
    "mistral",
    "xai",
    "deepseek",
    "moonshot",
    "zai",
    "minimax",
    "cohere",
    "perplexity",
    "dashscope",
    "voyage",
)
"""Providers of their own models, whose names a gateway may use as they are."""


def provider_of(base_url: str) -> str:
    """The provider whose base URL this is; empty when it is nobody's that is known."""
    host = f".{urlsplit(base_url).hostname or ''}"
    return next((provider for end, provider in _HOSTS.items() if host.endswith(f".{end}")), "")


def tables_of(provider: str) -> tuple[str, ...]:
    """The tables of the catalogue with a provider's models; a server that is not known may have OpenAI's names."""
    return _WITH_OTHERS.get(provider, (provider or "openai",))


def tables_of_vendor(vendor: str) -> tuple[str, ...]:
    """The tables with the models of whom an id names before a slash."""
    return tables_of(_VENDORS.get(vendor, vendor))
