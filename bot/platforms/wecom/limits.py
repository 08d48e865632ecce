"""WeCom's limits as data (D90236, D90312). Of cards, chars are the page's recommended maxima."""

from __future__ import annotations

from datetime import timedelta

from models.cards import ButtonStyle

RECEIVERS_PER_CALL = 1000
MEMBER_PER_MINUTE = 30  # the 31st is dropped without an error
MEMBER_PER_HOUR = 1000
MEMBER_TIMES_PER_ACCOUNT_AND_DAY = 200
DUPLICATE_CHECK = timedelta(seconds=1800)

TEXT_BYTES = 2048  # silently cut by the platform
MARKDOWN_BYTES = 2048
URL_BYTES = 2048
ROBOT_CONTENT_BYTES = 20_480  # markdown and streams of the smart robot
KEY_BYTES = 1024
OPTION_ID_BYTES = 128

TEXTCARD_TITLE_CHARS = 128
TEXTCARD_BODY_CHARS = 512
TEXTCARD_BUTTON_CHARS = 4

SOURCE_CHARS = 20
TITLE_CHARS = 36
VOTE_TITLE_CHARS = 16
VOTE_BODY_CHARS = 160
SUB_TITLE_CHARS = 160
FACTS = 6
FACT_LABEL_CHARS = 5
FACT_VALUE_CHARS = 30
JUMP_TITLE_CHARS = 18
BUTTONS = 6
BUTTON_CHARS = 10
REPLACE_CHARS = 32  # the page names none; one line of a phone
OPTIONS = 10
VOTE_OPTIONS = 20
SELECTS = 3
OPTION_CHARS = 16
VOTE_OPTION_CHARS = 17

BUTTON_STYLES = {ButtonStyle.PRIMARY: 1, ButtonStyle.DANGER: 2, ButtonStyle.NORMAL: 3}

KF_TEXT_BYTES = 2048  # of customer service (D94677, D94665); nothing is cut, all is refused
KF_HEAD_BYTES = 1024
KF_LINE_BYTES = 256
KF_CLICK_BYTES = 128  # an entry's words and its id
KF_ENTRIES = 50
KF_BUTTONS = 10
KF_PARAM_BYTES = 128
KF_PAGE = 200  # of 1000: one page is one transaction of the handler
KF_CUSTOMERS = 100
KF_MEMBER_PER_MINUTE = (
    20  # ours; the window of five is counted by itself, and opens anew at each word
)
KF_MEMBER_PER_HOUR = 30

MEDIA_SMALLEST_BYTES = 5
MEDIA_LARGEST_BYTES = {
    "image": 10 << 20,
    "voice": 2 << 20,
    "video": 10 << 20,
    "file": 20 << 20,
}
CALLBACK_BYTES = 64 << 10
