"""Collection: what the sources hold becomes tickets, chats, calls, articles and external documents."""
