"""The face of Moodle 4, through its web pages: login, dashboard, courses, assignments, forums, messages by AJAX.

Addresses, fields and signs are facts read in public code and documentation; docs/sandbox.md names each source. None of
this is Moodle's code, and none of it was held against a running Moodle.
"""
