"""
Measures what a call costs, independently of the load of the machine.
"""

import time

TRIES = 3


def least_cpu(call):
    """
    Call three times. Return the last result and the least CPU time, in seconds, that the
    calling thread spent on a call.

    The least of several, because a garbage collection or a first import may happen during one of them.
    """
    spent = []
    for _ in range(TRIES):
        started = time.thread_time()
        response = call()
        spent.append(time.thread_time() - started)
    return response, min(spent)
