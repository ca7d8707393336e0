"""Bodies of the HTTP answers. Times are aware UTC; a number that is not known is null, never 0 and never NaN."""
