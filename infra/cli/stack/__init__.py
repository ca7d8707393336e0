"""`up`, `down`, `status`, `reset`, `backup`, `restore`."""
