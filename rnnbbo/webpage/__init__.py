"""A study as a page: one HTML file, or served while the run goes on.

What is shown follows from `rnnbbo.study.observer.StudyView`, and from what a model makes of it
(`model_view`), which is worked out apart, since it takes long. Charts are plain dictionaries in
Plotly's form, drawn in the browser by the plotly.js that its package brings; a page asks nothing of
the network. Texts of users (names, categories, errors) reach it as JSON, and become text nodes.
"""
