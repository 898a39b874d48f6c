"""The web portal: CAS sign-on, a portal a school, every service read and written, live rooms."""
