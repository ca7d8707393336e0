"""The commands that run one process, and the demo."""
