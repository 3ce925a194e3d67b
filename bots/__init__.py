"""The front doors in chats: Telegram and Discord."""
