"""The sample photos of the front page, drawn by `python -m offcut.server.website.home.samples`.

Nobody's photos are in here. `shapes` says where things are, `tracing` what a camera would see of them,
`scenes` and `dandelion` what stands before it; each scene also knows the true alpha of its subject.
"""
