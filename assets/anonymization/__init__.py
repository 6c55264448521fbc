"""Personal data becomes typed placeholders; nothing raw leaves through this room."""
