"""A guestbook that remembers as long as it runs."""
