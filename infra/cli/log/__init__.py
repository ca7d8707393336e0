"""`log`, `contracts`, `dead-letters`, `skip`."""
