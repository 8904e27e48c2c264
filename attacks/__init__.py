"""
Attacks on a running server in production settings, on the real stack: `make attacks`.
"""
