"""Inspecting: what mitmproxy's programs show of an exchange, beside its bytes."""
