"""The paper account: a venue of its own, with a durable book, behind the same port as real brokers."""
