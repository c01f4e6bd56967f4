"""Markdown rendered to PDFs by templates of our own, with the truth of every element kept."""
