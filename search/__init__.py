"""Query to ranked chunks: vector, full text, hybrid, filters."""
