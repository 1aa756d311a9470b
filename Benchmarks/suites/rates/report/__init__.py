"""The page on rates, from the stored results alone."""
