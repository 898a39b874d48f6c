"""The only room that knows Locust's runners: starts visits at their due times and records what becomes of them."""
