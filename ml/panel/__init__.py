"""The panel: judge what the conditions don't explain, with one detector per way of failing.

`kernel` is the causal pass, one file beside it per kind; `training` makes the numbers it runs on.
"""
