"""Compiled functions: what numpy needs thousands of calls for, in a few.

Plain C, loaded by ctypes. The library holds no state, starts no thread, and draws no random number:
arrays go in, and arrays come out. Where it was not built everything is computed by numpy, with the
same results up to rounding; that code is the definition, and what the library is tested against.
"""

from rnnbbo.core.loading import Library, library, name, without_core

__all__ = ["Library", "library", "name", "without_core"]
