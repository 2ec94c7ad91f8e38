"""
Repair of Python programs by search, inside the sandbox: locate the fault, try template edits, rank what passes.

Run as `python -m regoose_guest.repair`. The process imports the target once through pytest's collection and never
runs a test itself: every measurement and every candidate runs in a forked child with CPU and memory limits.
"""
