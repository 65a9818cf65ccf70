"""Tell: one set of numbers for pages, command line and documents."""
