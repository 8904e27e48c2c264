"""
Faults of a running project under load, and whether anything was lost: `make faults`.
"""
