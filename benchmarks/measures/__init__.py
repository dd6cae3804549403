"""Measures: commands that find out one thing, and return it as tables.

`rnnbbo benchmark measure NAME` runs one. A new measure is a module of this package and a line in
`registry.MEASURES`.
"""
