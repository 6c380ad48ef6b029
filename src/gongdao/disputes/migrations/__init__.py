"""Schema steps, each applied once."""
