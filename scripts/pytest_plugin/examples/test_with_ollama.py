import ollama


def test_the_sky_is_explained(ollama_replay):
    client = ollama.Client(ollama_replay.url)
    question = {"role": "user", "content": "Why is the sky blue?"}
    pieces = list(client.chat("gpt-4o", [question], stream=True))
    assert len(pieces) > 5
    assert "scattered" in "".join(piece.message.content for piece in pieces)
    assert pieces[-1].done_reason == "stop"
