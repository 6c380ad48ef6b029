"""What runs without a page: jobs, and the messengers that carry reminders.

Owns: the tasks, the worker, the adapters of the messenger port. Promises: each job can be stopped
at any point and run again without doubling; secrets stay out of logs and errors.
"""
