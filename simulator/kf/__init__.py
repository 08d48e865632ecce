"""WeChat customer service (微信客服): D94665, D94669, D94670, D94677, D95122, D95159.

`memory` remembers, `api` and its neighbours are what the bot may call, `hands` are what
candidates and servicers do, `phones` shows the candidates' WeChat, `control` is the control API.
"""
