"""Files of any form: opened and unpacked, taken in order, read as tables."""
