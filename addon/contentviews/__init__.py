"""Contentviews: what mitmproxy's programs show of the messages of Ollama and of OpenAI-style servers, as text."""
