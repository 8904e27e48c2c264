"""
The verbs of the grey release: features for some, and tables on their way to HBase.
"""

from gatekeeper.services.features import GatekeeperService
from gatekeeper.services.phases import PhaseService

__all__ = ["GatekeeperService", "PhaseService"]
