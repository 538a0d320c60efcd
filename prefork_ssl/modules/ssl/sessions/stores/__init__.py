"""Where records are kept: one room for each type of DBM, behind one small interface."""
