"""Work that is done later or again and again, by the worker.

A package that has something to do at intervals writes a task and names it in its `AppConfig.ready`:

    every(timedelta(minutes=1), lapse_holds)
"""
