"""Audience figures, week shapes and persona mixes, from TOML to exact rates. Pure: no clock, no network."""
