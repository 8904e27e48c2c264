"""
Django REST framework as the contract wants it: views, pages, errors, limits, the schema.
"""
