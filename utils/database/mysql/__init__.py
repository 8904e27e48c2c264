"""
Django's MySQL backend with fewer round trips around a transaction.
"""
