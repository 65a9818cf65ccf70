"""What: the record, its readers and checks, the store and its queries."""
