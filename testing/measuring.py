"""
What a call costs, measured so that a busy machine does not matter.
"""

import time

TRIES = 3


def least_cpu(call):
    """
    Call three times. Return the last answer and the least CPU seconds that the calling thread spent on one of them.

    The least of several: a garbage collection or a first import that falls into one of them is not the call's.
    """
    spent = []
    for _ in range(TRIES):
        started = time.thread_time()
        response = call()
        spent.append(time.thread_time() - started)
    return response, min(spent)
