"""Replies to 回复1同意，回复2立即删除, to a request for points, and about one's own data."""

from __future__ import annotations

import pytest

from services.understanding.choices import (
    Choice,
    Wish,
    choice,
    may_mean_choice,
    only_thanks,
    points,
    said_in_words,
    wish,
)

KEEP = """
1 | １ | 1。 | 1！ | 1️⃣ | 同意 | 同意。 | 我同意 | 同意的 | 好的，同意 | 嗯嗯，同意
同意保留 | 可以保留 | 可以保留，谢谢 | 保留吧 | 好的，保留吧 | 那就保留吧 | 请保留 | 愿意
我愿意 | 回复1 | 我选1 | 1，谢谢 | 1同意 | 同意保留我的简历 | 谢谢，可以保留 | 同意保留簡歷
留着吧
"""
DELETE = """
2 | ２ | 2。 | 2，谢谢 | 删除 | 删除吧 | 删了吧 | 删了 | 删掉吧 | 请删除 | 麻烦删除
请删除我的简历 | 把我的简历删了吧 | 立即删除 | 不用保留了 | 不需要保留，谢谢 | 2删除
删除我的资料 | 删除簡歷 | 请把我的资料删除 | 不同意保留
"""
# What is doubtful is neither a consent nor a wish to be forgotten at once.
NEITHER = """
好 | 好的 | 好的，谢谢 | 可以 | 可以吗 | 可以保留吗 | 保留多久 | 保留到什么时候？ | 同意吗 | 1?
1？ | 嗯 | 行 | 行吧 | ok | 随便 | 都行 | 1或2 | 1 2 | 1、2 | 12 | 3 | 1.2 | 谢谢 | 收到
不同意 | 不删 | 别删 | 先别删 | 不要删除 | 删除什么 | 要是有合适的岗位可以保留 | 保留还是删除
如果半年内有岗位就同意 | 我考虑一下 | 同意吧？ | 应该可以保留 | 可以保留，但是不要给别的医院
能不能换成保留到明年 | 为什么没录用我 | 21 | 1号楼 | 2点 | 同意参加面试 | 不是不同意
我再想想要不要删除
"""


def each(table: str) -> list[str]:
    return [reply.strip() for line in table.strip().splitlines() for reply in line.split(" | ")]


@pytest.mark.parametrize("reply", each(KEEP))
def test_consent_is_understood(reply: str) -> None:
    assert choice(reply) is Choice.KEEP


@pytest.mark.parametrize("reply", each(DELETE))
def test_no_is_understood(reply: str) -> None:
    assert choice(reply) is Choice.DELETE


@pytest.mark.parametrize("reply", [*each(NEITHER), "", "同意" * 40, "1" * 5000, "\u200b"])
def test_what_is_doubtful_is_neither(reply: str) -> None:
    assert choice(reply) is None


@pytest.mark.parametrize(("reply", "words"), [("同意", True), ("删了吧", True), ("1", False)])
def test_a_choice_in_words_cannot_be_points(reply: str, words: bool) -> None:
    assert said_in_words(reply) is words


def test_doubtful_words_about_the_question_are_told_from_others() -> None:
    assert all(map(may_mean_choice, ["好的", "可以保留吗", "1或2", "我再想想要不要删除"]))
    assert not any(map(may_mean_choice, ["停车方便吗", "为什么没录用我", "再见"]))
    assert all(map(only_thanks, ["谢谢", "谢谢告知！", "收到，谢谢", "好的，谢谢", "感谢通知"]))
    assert not any(map(only_thanks, ["谢谢，请问什么时候", "好的", "", "1"]))


@pytest.mark.parametrize(
    ("reply", "stars"),
    [
        *((str(number), number) for number in range(1, 6)),
        *(
            ("５", 5),
            ("5分", 5),
            ("五分", 5),
            ("4星", 4),
            ("打3分", 3),
            ("5分，谢谢", 5),
            ("满分", 5),
        ),
        *(("我给4分", 4), ("两分吧", 2), ("3。", 3)),
        *(
            (reply, None)
            for reply in ("0", "6", "10", "45", "4.5", "4-5", "4,5", "5分钟", "5分吗")
        ),
        *((reply, None) for reply in ("", "很好", "1号", "同意", "5楼", "55555", "3或4分")),
    ],
)
def test_points(reply: str, stars: int | None) -> None:
    assert points(reply) == stars


@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        *(
            (reply, Wish.VIEW)
            for reply in ("我的资料", "查看我的资料", "我想看看我的资料", "你们有我什么资料？")
        ),
        *(
            (reply, Wish.DELETE)
            for reply in ("删除我的资料", "请删除我的信息", "可以删除我的资料吗？")
        ),
        *(
            (reply, Wish.DELETE)
            for reply in ("我要求删除我的个人信息", "撤回同意", "注销", "Delete my data.")
        ),
        *((reply, Wish.CONFIRM_DELETE) for reply in ("确认删除", "确认删除。", "确定删除！")),
        *((reply, Wish.WHY) for reply in ("为什么发给我", "你们怎么有我的电话？", "为什么联系我")),
        *(
            (reply, Wish.CORRECT)
            for reply in ("更正", "我的资料有误", "更正 我的邮箱是甲，不是乙")
        ),
        *(
            (reply, None)
            for reply in ("确认删除？", "确认", "资料要带什么", "需要带资料吗", "我的资料带齐了")
        ),
        *((reply, None) for reply in ("不要删除我的资料", "", "好的", "我想更正一下时间" * 9)),
    ],
)
def test_words_about_ones_own_data(reply: str, meant: Wish | None) -> None:
    assert wish(reply) is meant
