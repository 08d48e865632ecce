// Calls of the control API. A refusal becomes an Error with the server's own words.

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const reply = await response.json();
  if (!response.ok) throw new Error([reply.error, reply.hint].filter(Boolean).join("；"));
  return reply;
}

const phone = (id) => `/sim/phones/${encodeURIComponent(id)}`;

export const api = {
  hospital: () => call("GET", "/sim/hospital"),
  phones: () => call("GET", "/sim/phones"),
  recent: (id) => call("GET", `${phone(id)}/messages?last=80`),
  changed: (id, rev) => call("GET", `${phone(id)}/messages?after_rev=${rev}`),
  say: (id, body) => call("POST", `${phone(id)}/say`, body),
  sendFile: (id, body) => call("POST", `${phone(id)}/send-file`, body),
  enter: (id, body = {}) => call("POST", `${phone(id)}/enter`, body),
  follow: (id, url) => call("POST", `${phone(id)}/follow`, { url }),
  windows: (id) => call("GET", `${phone(id)}/windows`),
  tap: (id, seq, button, selected, as) =>
    call("POST", `${phone(id)}/tap`, { seq, button, selected, as }),
  desk: (userid) => call("GET", `/sim/kf/desk/${encodeURIComponent(userid)}`),
  serve: (userid, act, body) => call("POST", `/sim/kf/desk/${encodeURIComponent(userid)}/${act}`, body),
  todos: (id) => call("GET", `${phone(id)}/todos`),
  read: (id) => call("POST", `${phone(id)}/read`, {}),
  moveClock: (body) => call("POST", "/sim/clock", body),
  calls: (after) => call("GET", `/sim/calls?after=${after}&limit=300`),
  faults: () => call("GET", "/sim/faults"),
  addFault: (body) => call("POST", "/sim/faults", body),
  removeFault: (id) => call("DELETE", `/sim/faults/${id}`),
  clearFaults: () => call("DELETE", "/sim/faults"),
};
