"""What a notebook imports from `entsurge`: runs, comparisons and plans as data frames, in the field's words."""
