"""Command line (later pages, API, worker): the only room that knows all others.

Thin: parse, call one verb, render. Reads the clock and the terminal, which no room below does.
"""
