"""People as an academy hands them to a portal: AAF files, full and incremental, written and read back as streams."""
