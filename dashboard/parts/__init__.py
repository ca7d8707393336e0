"""The pieces every page is made of. Each returns or writes one thing; none knows where its data come from."""
