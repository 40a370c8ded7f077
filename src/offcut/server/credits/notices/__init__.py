"""Notices: what a team is told about its credits, once for each cause, by mail and on its pages."""
