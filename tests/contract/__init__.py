"""What the plug-in believes of a host: checks that run against the fake here, and inside the real one elsewhere."""
