"""What must not be kept: finding it, and taking it out of recordings and of mitmproxy's flows."""
