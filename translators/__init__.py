"""Pure translation between Ollama's and OpenAI's wire formats: values in, values out."""
