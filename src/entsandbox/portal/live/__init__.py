"""Chat rooms and video classes: WebSockets per class, with presence, history, heartbeats, media."""
