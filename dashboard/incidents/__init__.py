"""The parts of page Incidents: the list, one incident with its story, and what a person may do about it."""
