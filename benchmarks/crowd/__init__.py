"""The product with very many sources. A package, because workers load a main module again unless it is a package's."""
