"""
The verbs of phases: which store a table is written to and read from.
"""

from stores.services.phases import PhaseService

__all__ = ["PhaseService"]
