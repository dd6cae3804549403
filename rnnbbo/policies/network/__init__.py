"""Recurrent policies: a recurrence and a head over what was told, meta-trained."""
