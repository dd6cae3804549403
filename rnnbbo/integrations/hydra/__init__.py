"""A sweeper for Hydra: `python app.py --multirun hydra/sweeper=rnnbbo x=interval(0,1)`."""
