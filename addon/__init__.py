"""What touches the world: mitmproxy, the network, the clock, files, the environment."""
