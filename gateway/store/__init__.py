"""What is true: the database, and what memory knows of it."""

from gateway.store.store import Store as Store
