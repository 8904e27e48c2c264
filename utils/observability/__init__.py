"""
What operators see: request ids, log lines, metrics, probes, the broker's state.
"""
