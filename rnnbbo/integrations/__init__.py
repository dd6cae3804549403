"""The policies behind the interfaces of other libraries, one module or package a library."""
