"""PostgreSQL: read models as the projectors write them and as the query API reads them."""
