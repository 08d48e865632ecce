"""DingTalk's limits as data (pages S0699, S0714, S0717, S0769, S0775, S0783, S1431)."""

from __future__ import annotations

ROBOT_RECEIVERS = 20  # the table of S0714 says 20, an error text of the same page 100
NOTICE_RECEIVERS = 100
CARDS_AT_ONCE = 8  # below the 20 calls per second of the standard edition
MEMBER_PER_MINUTE = 20  # no number is published for one person; robots are flow-controlled
MEMBER_PER_HOUR = 200

MSG_PARAM_BYTES = 15_000
NOTICE_BYTES = 2048
NOTICE_BUTTONS_CHARS = 1000
NOTICE_BUTTON_CHARS = 20
NOTICE_URL_CHARS = 700
TITLE_CHARS = 64  # the page names none; what a chat list shows
TEXT_BYTES = 12_000
MARKDOWN_BYTES = 10_000  # leaves room for buttons, titles and JSON quoting
WEBHOOK_BYTES = 20_000

CARD_KEY_BYTES = 100
CARD_VALUE_BYTES = 1024
CARD_BUTTONS = 4  # slots of our own template
ACTION_BUTTONS = 5  # sampleActionCard5 is the largest
BUTTON_CHARS = 20
