"""What a request and an answer of Ollama's API or OpenAI's say, and what became of one on its way to the other.

For people to read; the proxy itself works without it. Bodies may be anybody's, and broken: nothing here fails by them.
"""
