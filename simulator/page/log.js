// The API log: newest at the bottom, filtered as one types, errors in red.

import { api } from "./api.js";
import { el, secondText } from "./dom.js";

const KEPT = 500;
const WORDS = { unreachable: "连接不上", timeout: "没有按时回应" };

function outcome(call) {
  if (call.direction === "callback") {
    return WORDS[call.errmsg] ?? call.errmsg.replace("http_", "HTTP ");
  }
  if (call.code) return `HTTP ${call.http} ${call.code}`;
  if (call.http !== 200) return call.http ? `HTTP ${call.http}` : "没有回答";
  return `${call.errcode} ${call.errmsg}`;
}

function direction(call) {
  const platform = { dingtalk: "钉钉", mail: "邮件", sms: "短信" }[call.app] ?? "企微";
  return call.direction === "api" ? `机器人 → ${platform}` : `${platform} → 机器人`;
}

function* notes(call) {
  if (call.attempt > 1) yield `第 ${call.attempt} 次尝试`;
  if (call.duplicate) yield "重复请求，未再送达";
  if (call.dropped) yield `${call.dropped} 人超频，已悄悄丢弃`;
  for (const { field, length, recommended } of call.advice) {
    yield `${field} 有 ${length} 字，建议不超过 ${recommended}`;
  }
}

export class Log {
  constructor(root, button) {
    this.root = root;
    this.button = button;
    this.last = 0;
    this.filter = el("input", { type: "search", placeholder: "筛选：接口、人员、内容", oninput: () => this.sift() });
    this.bad = el("input", { type: "checkbox", onchange: () => this.sift() });
    this.count = el("span", { class: "count" });
    this.body = el("tbody");
    const heads = ["时间", "方向", "接口", "人员", "内容", "结果", "耗时"];
    this.scroll = el("div", { class: "log-scroll" },
      el("table", {}, el("thead", {}, el("tr", {}, heads.map((h) => el("th", {}, h)))), this.body));
    root.append(
      el("div", { class: "log-head" }, el("h2", {}, "接口日志"), this.count, this.filter,
        el("label", {}, this.bad, "只看错误"),
        el("button", { type: "button", class: "close", onclick: () => this.open(false) }, "收起")),
      this.scroll);
    button.addEventListener("click", () => this.open(root.hidden));
  }

  open(on) {
    this.root.hidden = !on;
    this.button.setAttribute("aria-expanded", on);
    document.body.classList.toggle("with-log", on);
    this.scroll.scrollTop = this.scroll.scrollHeight;
    if (on) this.refresh(this.newest ?? 0);
  }

  reset() {
    this.last = 0;
    this.body.replaceChildren();
  }

  async refresh(newest) {
    this.newest = newest;
    if (this.root.hidden || this.busy || newest <= this.last) return;
    this.busy = true;
    try {
      for (const call of await api.calls(this.last)) {
        this.last = Math.max(this.last, call.seq);
        this.body.append(this.row(call));
      }
    } finally {
      this.busy = false;
    }
    while (this.body.childElementCount > KEPT) this.body.firstElementChild.remove();
    this.sift();
    this.scroll.scrollTop = this.scroll.scrollHeight;
    if (this.newest > this.last) this.refresh(this.newest);
  }

  row(call) {
    const bad = call.errcode !== 0 || Boolean(call.code) || call.http !== 200;
    const result = bad ? outcome(call) : "成功";
    const extra = [call.summary, ...notes(call)].filter(Boolean).join("；");
    const cells = [
      secondText(new Date(call.at)),
      direction(call),
      call.api, call.who, extra,
      call.fault ? `${result}（故障：${call.fault}）` : result,
      `${call.took_ms} ms`,
    ];
    return el("tr", { class: `${bad ? "bad " : ""}${call.direction}` },
      cells.map((text) => el("td", { title: String(text) }, String(text))));
  }

  sift() {
    const wanted = this.filter.value.trim().toLowerCase();
    let shown = 0;
    for (const row of this.body.children) {
      const hit = row.textContent.toLowerCase().includes(wanted)
        && (!this.bad.checked || row.classList.contains("bad"));
      row.hidden = !hit;
      shown += hit;
    }
    this.count.textContent = `${shown} 条`;
  }
}
