"""What templates may call: one library, ``say``, registered as a builtin for every template.

The verbs stand in files of their own; ``say`` only gives them their names in templates. All output
is escaped; nothing here reads a clock, a database or a setting.
"""
