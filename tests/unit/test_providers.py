"""Whose models an upstream has."""

import pytest

from addon.providers import MAKERS, provider_of, tables_of, tables_of_vendor


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://API.OpenAI.com:443/v1", "openai"),
        ("https://acme.openai.azure.com/openai/v1", "azure"),
        ("https://acme.services.ai.azure.com/openai/v1", "azure"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "dashscope"),
        ("https://api.tokenfactory.nebius.com/v1", "nebius"),
        ("https://openrouter.ai/api/v1", ""),  # whose list says all
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://notapi.openai.com.example/v1", ""),
        ("https://xapi.openai.com/v1", ""),
        ("http://127.0.0.1:8000/v1", ""),
        ("http://[::1]:8000/v1", ""),
        ("", ""),
    ],
)
def test_the_host_of_the_base_url_tells_the_provider(base_url: str, provider: str) -> None:
    assert provider_of(base_url) == provider


def test_azure_has_openai_s_models_and_others_and_who_is_not_known_may_have_openai_s() -> None:
    assert tables_of("azure") == tables_of_vendor("azure_ai") == ("openai", "azure", "azure-ai")
    assert tables_of("") == tables_of("openai") == ("openai",)
    assert tables_of("groq") == tables_of_vendor("groq") == ("groq",)


def test_vendors_are_known_by_the_names_that_routers_give_them() -> None:
    vendors = ("google", "mistralai", "x-ai", "z-ai", "moonshotai", "anthropic", "openai")
    tables = [table for vendor in vendors for table in tables_of_vendor(vendor)]
    assert set(tables) <= set(MAKERS)
    assert len(tables) == len(vendors)
