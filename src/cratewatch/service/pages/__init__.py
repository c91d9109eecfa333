"""Pages for people: server-rendered, with small modules and nothing from elsewhere."""
