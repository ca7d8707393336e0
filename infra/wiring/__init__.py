"""The composition root, all of it: where adapters meet their users."""
