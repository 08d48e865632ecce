"""A WeCom to play with: the platform's protocol on a real socket, with phones to look at."""
