"""Chart views: charts evaluated for whoever looks at them, in a process of their own."""
