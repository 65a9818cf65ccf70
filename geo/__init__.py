"""Where: coordinate systems, cells, the spatial join, classes and maps. Geometry in, geometry or a map out."""
