"""WeCom (企业微信): callbacks in, messages and cards out, over the platform's own protocol.

`callback` takes signed deliveries, `crypto` opens them, `decode` makes them events. `channel`
sends over `client` what `messages` and `cards` render; `tokens` shares one access token.
"""
