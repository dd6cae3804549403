"""Recurrent policies: init and step over values."""
