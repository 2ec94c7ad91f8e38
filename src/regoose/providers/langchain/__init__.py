"""
The adapter over LangChain's chat models: one attempt at one complete answer.

LangChain supplies what meets the outside: clients, message formats, tool schemas. Nothing here retries, streams,
caches or traces. Importing this package takes seconds, so `regoose.providers.models` does it at the first call.
"""
