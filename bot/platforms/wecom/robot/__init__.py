"""The smart robot (智能机器人) on its long connection: no inbound address is needed (D101463).

`line` keeps one subscribed `connection`; `lanes` hand what it hears to `conversation` in order,
which answers on the same request; `channel` sends what the ledger wants sent.
"""
