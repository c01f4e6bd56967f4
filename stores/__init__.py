"""Documents, elements, chunks and index generations in LanceDB."""
