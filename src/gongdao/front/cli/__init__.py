"""The ``gongdao`` command: one file per group of commands, ``view_*`` files render."""
