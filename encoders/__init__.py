"""Text to vectors. Counting tokens (`encoders.tokens`) needs no torch; encoding loads the model at first use."""
