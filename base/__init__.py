"""What every floor stands on: errors, words and numbers in two languages, settings, colours."""
