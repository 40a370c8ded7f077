"""Images on the website: upload, look, download, delete; as pages and as JSON."""
