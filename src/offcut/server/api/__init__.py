"""The v1.0 API over HTTP. wire.py is the only place that knows its names."""
