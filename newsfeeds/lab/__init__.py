"""
The feed laboratory: one recorded trace, played through the real services once per strategy, and what each one costs.
"""
