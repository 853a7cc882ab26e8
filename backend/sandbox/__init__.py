"""A stateful stand-in for WeChat, in its own process. Only its command imports it."""
