import pytest
from langchain_ollama import ChatOllama


@pytest.mark.ollama_replay  # OLLAMA_HOST names the server, so what finds it there needs no URL
def test_langchain_calls_the_tool():
    model = ChatOllama(model="gpt-4o").bind_tools([get_weather])
    (call,) = model.invoke("Use get_weather for Oslo.").tool_calls
    assert call["name"] == "get_weather"
    assert call["args"] == {"city": "Oslo"}


def get_weather(city: str) -> str:
    """Get the weather in a city."""
    return f"{city}: 3 °C, light rain"
