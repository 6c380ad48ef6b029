"""Gongdao 公道: a fair market for card secrets, and a workbench for complaints about them.

The rooms and the direction of their imports are named in ``pyproject.toml`` under
``[tool.importlinter]``; ``docs/explanation/architecture.md`` says what each one owns.
"""
