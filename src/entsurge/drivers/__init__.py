"""How each ENT product is spoken to: its routes, its sign-on, its signs of being full."""
