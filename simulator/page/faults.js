// The fault switches in words, with how often each one strikes.

import { api } from "./api.js";
import { el, toast } from "./dom.js";

const WORDS = {
  expired_token: ["令牌提前失效", "接下来的调用回答 40014 (钉钉新接口 InvalidAuthentication)，机器人应重新取令牌再试一次"],
  wrong_secret: ["应用密钥错误", "取令牌回答 40001 (钉钉 invalidClientIdOrSecret)"],
  rate_limit: ["调用太频繁", "发消息回答 45009 (钉钉 QpsLimit 或 90018)"],
  untrusted_ip: ["不在可信 IP", "所有调用回答 60020 (钉钉 IpNotInWhiteList)"],
  permission: ["没有接口权限", "发消息回答 60011 (钉钉新接口 403)"],
  api_error: ["接口报错", "发消息回答 -1 (钉钉新接口 system.error)"],
  http_500: ["服务器出错", "回答 HTTP 500"],
  html_502: ["网关出错", "回答 HTTP 502 和一页 HTML"],
  slow: ["变慢", "每次调用多等 1.5 秒"],
  accepted_then_timeout: ["收下但不回答", "消息已送达，机器人却等不到结果"],
  black_hole: ["石沉大海", "消息没送达，也不回答"],
  reset_after_bytes: ["回答到一半断线", "消息已送达，回答只收到 20 个字节"],
  mail_error: ["邮件被拒", "收件地址回答 451"],
  mail_greylist: ["灰名单", "第一次给某个地址写信回答 451，再来才收"],
  mail_cut: ["信收下就断线", "邮件已送达，服务器没有回答就断开"],
  member_silent_drop: ["悄悄丢弃", "接口说成功，手机上没有消息"],
  invalid_user: ["成员无效", "发送时把成员列入 invaliduser"],
  msg_send_fail: ["客服消息发送失败", "接口说成功，随后来一个 msg_send_fail 事件，微信里没有消息"],
  callback_duplicate: ["回调重复", "同一条回调同时送两次"],
  callback_reorder: ["回调乱序", "扣住一条，等下一条送出后再送"],
  callback_tampered: ["回调被篡改", "签名错误，机器人应拒绝"],
  callback_replay_old: ["回调重放", "签名正确，但时间戳是两小时前"],
};
const COUNTS = [["1 次", 1], ["3 次", 3], ["10 次", 10], ["一直", null]];

export class Faults {
  constructor(root, button) {
    this.root = root;
    this.button = button;
    this.list = el("ul", { class: "fault-list" });
    root.append(
      el("div", { class: "drawer-head" }, el("h2", {}, "故障开关"),
        el("button", { type: "button", onclick: () => this.run(() => api.clearFaults()) }, "全部关闭"),
        el("button", { type: "button", class: "close", onclick: () => this.open(false) }, "收起")),
      el("p", { class: "hint" }, "让平台出一次真实的毛病，看机器人怎么应对。"), this.list);
    button.addEventListener("click", () => this.open(root.hidden));
  }

  open(on) {
    this.root.hidden = !on;
    this.button.setAttribute("aria-expanded", on);
    if (on) this.refresh();
  }

  async refresh(count) {
    if (count !== undefined) this.button.textContent = count ? `故障开关 ${count}` : "故障开关";
    this.button.classList.toggle("alarm", Boolean(count));
    if (this.root.hidden) return;
    const { faults } = await api.faults();
    this.list.replaceChildren(...Object.entries(WORDS).map(([kind, words]) =>
      this.row(kind, words, faults.filter((f) => f.kind === kind))));
  }

  row(kind, [name, hint], active) {
    const often = el("select", { "aria-label": "次数" }, COUNTS.map(([text], i) => el("option", { value: i }, text)));
    const add = () => this.run(() => api.addFault({ kind, count: COUNTS[often.value][1] }));
    const keys = active.length
      ? active.map((f) => el("button", { type: "button", class: "on", onclick: () => this.run(() => api.removeFault(f.id)) },
        f.count ? `关闭（${f.fired}/${f.count}）` : `关闭（已 ${f.fired} 次）`))
      : [often, el("button", { type: "button", onclick: add }, "打开")];
    return el("li", { class: active.length ? "active" : "" },
      el("div", {}, el("b", {}, name), el("span", {}, hint)), el("div", { class: "fault-keys" }, keys));
  }

  async run(work) {
    try {
      await work();
    } catch (problem) {
      toast(problem.message, true);
    }
    this.refresh();
  }
}
