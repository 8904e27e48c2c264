"""
How the contract reads as OpenAPI.
"""

from drf_spectacular.openapi import AutoSchema


class ContractSchema(AutoSchema):
    """
    drf-spectacular's schema; the conventions that every route shares are added here.
    """
