"""The calls of DingTalk's server API that the bot makes. Every method raises SendFailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.platforms.dingtalk.calls import FREE, DingTalkCalls
from bot.platforms.dingtalk.transport import Json


class DingTalkClient(DingTalkCalls):
    """Robot, cards, work notifications, to-dos, directory and attendance of one internal app."""

    # Robot: messages to people (S0714, S0720, S0723) and to groups (S0716, S0725).

    async def robot_send(self, users: Sequence[str], msg_key: str, msg_param: str) -> Json:
        """At most 20 user ids. The platform keeps no key: a repeat arrives twice."""
        body = self._robot(msgKey=msg_key, msgParam=msg_param, userIds=list(users))
        return await self.new("POST", "robot/oToMessages/batchSend", body, delivers=True)

    async def robot_read_status(self, process_query_key: str) -> Json:
        params = {"robotCode": self.robot_code, "processQueryKey": process_query_key}
        return await self.new("GET", "robot/oToMessages/readStatus", params=params)

    async def robot_recall(self, process_query_keys: Sequence[str]) -> Json:
        """Within 24 h. The path really is in lower case here."""
        body = self._robot(processQueryKeys=list(process_query_keys))
        return await self.new("POST", "robot/otoMessages/batchRecall", body)

    async def group_send(self, conversation: str, msg_key: str, msg_param: str) -> Json:
        body = self._robot(msgKey=msg_key, msgParam=msg_param, openConversationId=conversation)
        return await self.new("POST", "robot/groupMessages/send", body, delivers=True)

    async def group_recall(self, conversation: str, process_query_keys: Sequence[str]) -> Json:
        body = self._robot(
            openConversationId=conversation, processQueryKeys=list(process_query_keys)
        )
        return await self.new("POST", "robot/groupMessages/recall", body)

    async def webhook_send(self, params: Mapping[str, str], body: Mapping[str, Any]) -> Json:
        """Through a group's custom robot; `params` hold its token and signature (S0717)."""
        return await self.tokenless("robot/send", params, body)

    # Files in both directions (S0719; media/upload of the old API).

    async def file_address(self, download_code: str) -> str:
        """Where what somebody sent can be fetched, for a short while."""
        body = self._robot(downloadCode=download_code)
        answer = await self.new("POST", "robot/messageFiles/download", body)
        return str(answer.get("downloadUrl", ""))

    async def media_upload(self, kind: str, name: str, data: bytes) -> str:
        """A media id; `kind` is image, voice, video or file."""

        def form() -> aiohttp.FormData:
            multipart = aiohttp.FormData(quote_fields=False)
            multipart.add_field("media", data, filename=name)
            return multipart

        answer = await self.uploaded("media/upload", {"type": kind}, form)
        return str(answer.get("media_id", ""))

    # Interactive cards (S0783, S0782, S0786).

    async def card_create(self, body: Mapping[str, Any]) -> Json:
        return await self.new("POST", "card/instances/createAndDeliver", body, delivers=True)

    async def card_update(self, body: Mapping[str, Any]) -> Json:
        return await self.new("PUT", "card/instances", body)

    async def card_register(self, route_key: str, url: str, api_secret: str) -> Json:
        """Tell the platform where card callbacks go in HTTP mode."""
        body = {
            "callbackRouteKey": route_key,
            "callbackUrl": url,
            "apiSecret": api_secret,
            "forceUpdate": True,
        }
        return await self.new("POST", "card/callbacks/register", body)

    # Work notifications (S0769, S0770, S0773).

    async def notice_send(self, users: Sequence[str], message: Mapping[str, Any]) -> str:
        """The task id; what exceeds a limit is dropped without a word: ask `notice_result`."""
        body = self._agent(userid_list=",".join(users), msg=message)
        path = "topapi/message/corpconversation/asyncsend_v2"
        return str((await self.old(path, body, delivers=True)).get("task_id", ""))

    async def notice_result(self, task_id: str) -> Json:
        """Within 24 h, for at most 100 receivers: lists of user ids by what became of them."""
        path = "topapi/message/corpconversation/getsendresult"
        found = (await self.old(path, self._agent(task_id=int(task_id)))).get("send_result")
        return found if isinstance(found, dict) else {}

    async def notice_recall(self, task_id: str) -> None:
        path = "topapi/message/corpconversation/recall"
        await self.old(path, self._agent(msg_task_id=int(task_id)))

    # To-dos, all by union id (S0793, S0797).

    async def todo_create(self, union_id: str, body: Mapping[str, Any]) -> Json:
        """`body.sourceId` is unique: a repeat answers that the task exists."""
        path = f"todo/users/{_part(union_id)}/tasks"
        return await self._todo("POST", path, "todo/tasks", union_id, body)

    async def todo_executor_status(
        self, union_id: str, task_id: str, done: Mapping[str, bool]
    ) -> Json:
        """Executor's union id → whether they are done."""
        path = f"todo/users/{_part(union_id)}/tasks/{_part(task_id)}/executorStatus"
        body = {"executorStatusList": [{"id": who, "isDone": is_} for who, is_ in done.items()]}
        return await self._todo("PUT", path, "todo/tasks/executorStatus", union_id, body)

    async def todo_find(self, union_id: str, source_id: str) -> Json:
        path = f"todo/users/{_part(union_id)}/tasks/sources/{_part(source_id)}"
        return await self.new("GET", path, name="todo/tasks/sources")

    async def _todo(
        self, method: str, path: str, name: str, operator: str, body: Mapping[str, Any]
    ) -> Json:
        return await self.new(method, path, body, name=name, params={"operatorId": operator})

    # Directory (S0062, S0082, S0056, S0063, S0064): not counted (S1432).

    async def user_list(self, dept_id: int, cursor: int = 0, size: int = 100) -> Json:
        """Direct members: `list`, `has_more`, `next_cursor`."""
        body = {"dept_id": dept_id, "cursor": cursor, "size": size}
        return await self._read("topapi/v2/user/list", body)

    async def department_listsub(self, dept_id: int) -> list[Json]:
        """The departments one level below; 1 is the root."""
        answer = await self.old("topapi/v2/department/listsub", {"dept_id": dept_id}, counts=FREE)
        return _rows(answer.get("result"))

    async def user_get(self, user: str) -> Json:
        return await self._read("topapi/v2/user/get", {"userid": user})

    async def _read(self, path: str, body: Mapping[str, Any]) -> Json:
        found = (await self.old(path, body, counts=FREE)).get("result")
        return found if isinstance(found, dict) else {}

    # Attendance (S0206, S0210).

    async def schedule_listbyusers(
        self, operator: str, users: Sequence[str], first: int, last: int
    ) -> list[Json]:
        """At most 50 users and 7 days; `first` and `last` in milliseconds since 1970."""
        body = {
            "op_user_id": operator,
            "userids": ",".join(users),
            "from_date_time": first,
            "to_date_time": last,
        }
        return _rows(
            (await self.old("topapi/attendance/schedule/listbyusers", body)).get("result")
        )

    def _robot(self, **fields: object) -> dict[str, object]:
        return {"robotCode": self.robot_code, **fields}

    def _agent(self, **fields: object) -> dict[str, object]:
        return {"agent_id": self.agent_id, **fields}


def _part(value: str) -> str:
    """An id inside a path: it stays one part of it."""
    return quote(value, safe="")


def _rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
