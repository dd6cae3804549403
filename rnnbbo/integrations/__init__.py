"""The policies behind the interfaces of other libraries, one module a library."""
