"""Exchanges as files: what is noted and written of them, which one answers a request, and how it is played."""
