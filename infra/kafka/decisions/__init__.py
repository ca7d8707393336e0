"""What people decide, appended by one writer."""
