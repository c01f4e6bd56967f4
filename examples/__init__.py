"""Documents of our own making, and small programs that show Quarry at work on them."""
