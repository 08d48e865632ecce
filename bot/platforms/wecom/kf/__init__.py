"""WeChat customer service (微信客服): people on their personal WeChat (D94665, D94670, D94677).

`client` calls, `decode` reads what was pulled, `puller` pulls, `bodies` renders, `channel` sends,
`menus` and `addresses` are the ids that come back to us. Nothing here knows a candidate.
"""
