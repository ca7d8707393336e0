"""GET routes, one file per subject: the route, its SQL beside it, and the rows it returns."""
