"""The foreign-function layer: finds and loads the library, and takes values and texts across."""
