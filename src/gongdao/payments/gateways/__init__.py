"""One module per payment service; each is an adapter of `payments.port.Gateway`."""
