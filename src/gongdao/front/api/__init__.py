"""The programming interface, under `/api/v1`, and the addresses payment services call.

Thin: parse, call one verb, answer JSON. It has no session, no cookie and no template, so its
requests pass a short way of their own (`lean_handler`).
"""
