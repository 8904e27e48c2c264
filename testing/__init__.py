"""
What tests share: the test case, people, and the rules of the house. Imported by tests only.
"""
