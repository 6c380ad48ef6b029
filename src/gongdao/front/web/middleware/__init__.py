"""What happens around every page: language, limits, headers."""
