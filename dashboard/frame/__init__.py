"""The frame around every page: name, question, freshness, range, machine, the moment known, banners, health."""
