// What each platform is called, and which conversations a phone begins with.

import { el } from "./dom.js";

export const PLATFORMS = {
  wecom: "企业微信",
  dingtalk: "钉钉",
  wechat: "微信",
  mail: "邮箱",
  sms: "短信",
};
const TAGS = { robot: "机器人", work: "通知", webhook: "群机器人" };

export const mark = (person) =>
  el("span", { class: `mark ${person.platform}` }, PLATFORMS[person.platform] ?? person.platform);

// A conversation: `agentid` goes with what one says there; a closed one can only be read.
function conversation(agentid, name, tag, more = {}) {
  return { key: String(agentid), agentid, name, tag, closed: false, ...more };
}

export function beginnings(person, hospital) {
  if (person.kind === "group") return [conversation("group", person.name, "群聊", { agentid: undefined })];
  if (person.platform === "mail") return [conversation("mail", "收件箱", "邮箱", { closed: true })];
  if (person.platform === "sms") return [conversation("sms", "短信", "短信", { closed: true })];
  const list = { dingtalk, wechat }[person.platform]?.(hospital) ?? wecom(hospital);
  // With one partner only, the platform knows by itself whom one writes to.
  if (list.length === 1) list[0].agentid = undefined;
  return list;
}

function wecom(hospital) {
  const app = hospital.apps.find((a) => a.kind === "app");
  const robot = hospital.robot && [conversation("robot", hospital.robot.name, "智能机器人")];
  if (!app && robot) return robot;
  return [conversation(app?.agentid ?? 0, app?.name ?? "应用", "应用"), ...(robot ?? [])];
}

function dingtalk(hospital) {
  return [conversation("robot", hospital.dingtalk?.robot_name || "机器人", "机器人")];
}

// A candidate talks to customer service accounts, each a conversation.
function wechat(hospital) {
  return hospital.kf.accounts.map((a) => conversation(a.open_kfid, a.name, "客服"));
}

// One that appears with its first message.
export function appearing(app) {
  const name = app.name || "应用";
  return conversation(app.agentid, name, TAGS[app.agentid] ?? "应用", { closed: app.agentid === "work" });
}
