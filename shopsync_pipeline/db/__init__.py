"""What shopsync remembers: tables, migrations and one repository per idea, the same on SQLite and PostgreSQL."""
