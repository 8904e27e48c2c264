"""
Password hashing at OWASP's argon2id minimum.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class OwaspArgon2PasswordHasher(Argon2PasswordHasher):
    """
    19 MiB, two passes, one lane: what OWASP recommends as a minimum, and ten times cheaper than Django's defaults.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
