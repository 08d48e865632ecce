"""The smart robot (智能机器人) on its long connection: `/wecom/robot` (D101463, D101027, D101032).

`memory` remembers, `socket` speaks the frames, `commands` are what the bot may ask for, `hands`
are what people do, `control` is the control API of it all.
"""
