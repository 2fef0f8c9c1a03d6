"""Durable state in SQLite (embedded) or PostgreSQL, by SQLAlchemy Core."""
