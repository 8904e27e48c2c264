"""
Celery's beat on any number of machines: a lease in the database says which of them sends.
"""
