"""The dashboard: pages that ask the query API over HTTP and nothing else. It decides nothing and stores nothing."""
