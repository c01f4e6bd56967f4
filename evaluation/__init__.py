"""How good strategies, encoders and retrievers are on a corpus with questions: `quarry eval`."""
