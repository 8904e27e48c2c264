"""
HBase: the connection pool, and models whose keys keep the order.
"""
