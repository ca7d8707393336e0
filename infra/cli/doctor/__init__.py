"""`doctor`: what is needed, what was found, and the fix."""
