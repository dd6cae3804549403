"""What a run shows while it lasts, on a terminal, in a notebook and in a log.

`tally` counts what was told, `standing_text` says it in words, and each kind of display draws that:
`terminal` in place, `journal` by a line now and then, `cell_output` in one line of a cell's output.
`run_progress` joins them to a run. All of it is best effort: what cannot be shown ends nothing.
"""
