"""Writers of paper files, the mirror of the readers: papers in, text out that our readers read back whole."""
