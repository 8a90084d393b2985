"""Models at work for others: a process that holds them, and what asks it.

client.py      asks; loads no deep-learning library, so that pages may use it
process.py     the process: a Starlette application on a unix socket
holder.py      the models that it holds
operations.py  what it can be asked; explain_operations.py: those that say why
"""
