"""The pages: parse, call one verb, render.

Owns: the Django project, its middleware, one file per page under ``pages``, templates and static
files. Promises: every page works without JavaScript, holds no inline script or style, and shows
a case only to who holds its link and code or its account. Decides nothing about a case itself.
"""
