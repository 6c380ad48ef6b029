"""The witness over HTTP: one small application, no Django, no database, a folder of files.

Owns how requests come in: bounded in size and time, so that slow clients and rubbish cost little.
What is cosigned is decided and kept in the room log.
"""
