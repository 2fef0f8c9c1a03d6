"""Orders: what they are (``model``) and how their state moves (``states``)."""
