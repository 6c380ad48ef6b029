"""The ground to run on: the embedded PostgreSQL, and the processes of ``gongdao serve``.

Owns the server's own folder below the data folder. Promises: what is committed survives a kill of
any process; nothing keeps running after the process that started it. Never opens the permissions
of a folder that is not its own. Nothing here imports Django but the processes started for it.
"""
