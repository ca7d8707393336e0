"""What the query API answers, as plain data. Fields that the API adds later are ignored; a missing one is an error."""
