"""
Caches: the circuit breaker, Redis with its lists, Memcached, reading through, and what a cached value must look like.
"""
