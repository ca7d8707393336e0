"""`incidents`: what needs somebody, and what somebody does about it."""
