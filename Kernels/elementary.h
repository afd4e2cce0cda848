// Elementary functions from fma and integers (replaced presently).
