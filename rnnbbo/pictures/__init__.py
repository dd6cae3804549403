"""What a run can show of itself: numbers for pictures, the pictures, and results in notebooks.

Everything follows from what was told (`run_data.RunData`), whatever policy proposed it; where a
model is asked for, the hypotheses of `kernel` are told the same values (`surrogate.Surrogate`).
Numbers need NumPy alone; `gallery` draws them with matplotlib.
"""
