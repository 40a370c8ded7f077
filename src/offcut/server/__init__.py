"""The Django project: website, HTTP API and worker. Needs the `server` extra."""
