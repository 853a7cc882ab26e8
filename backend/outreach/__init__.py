"""What a 公众号 says: answers in its chat, its menu, and guides that it publishes."""
