"""
Where the README's figures come from: `make bench`.

Every figure stands beside a floor measured in the same run on the same servers, because a
machine's speed drifts and a ratio does not.
"""
