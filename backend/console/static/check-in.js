// 签到 at the door. What is scanned or ticked goes into a queue on the device first, then to the
// server: once, whatever the network does, for each scan carries a key that is made here.
// A device cannot verify a pass; until the server has, it says 待核对.
"use strict";

const QUEUE = "check-in:queue"; // kept when somebody signs out: it holds no names
const CLOCK = "check-in:clock"; // the server's time minus this device's, in milliseconds
const PASS = /^CY(?:1\.([1-9][0-9]*)\.[0-9]+|2\.([1-9][0-9]*))\.[A-Z2-7]{26}$/; // a phone's, a slip's
const SHORT = /^[34679ACDEFGHJKMNPQRTUWXY]{8}$/;
const AT_ONCE = 200;
const RETRY_MS = 15_000;

const desk = document.querySelector("[data-check-in]");
const part = (name) => desk.querySelector(`[data-${name}]`);
const line = (id) => document.querySelector(`[data-booking="${id}"]`);
let sending = false;

function queued() {
  try {
    return JSON.parse(localStorage.getItem(QUEUE)) ?? [];
  } catch {
    return [];
  }
}

function keep(scans) {
  localStorage.setItem(QUEUE, JSON.stringify(scans));
  const unsynced = part("unsynced");
  unsynced.textContent = `待上传 ${scans.length}`;
  unsynced.hidden = !scans.length;
}

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function say(text, kind, key = "") {
  const item = document.createElement("li");
  item.dataset.key = key;
  item.textContent = text;
  item.className = `door-${kind}`;
  part("log").prepend(item);
  while (part("log").children.length > 6) part("log").lastChild.remove();
}

function show(id, state) {
  const row = line(id);
  if (!row) return;
  const pill = row.querySelector("[data-pill]");
  row.dataset.state = state;
  pill.className = `pill pill-${state === "waiting" ? "requested" : state}`;
  pill.textContent = { waiting: "待核对", attended: "已到场", confirmed: "已确认", missed: "未到场" }[state] ?? state;
  const tick = row.querySelector("[data-tick]");
  if (tick) tick.hidden = state !== "confirmed";
  const come = document.querySelectorAll('[data-state="attended"]').length;
  part("come").textContent = come;
  desk.querySelector("progress").value = come;
}

const nameOf = (id) => line(id)?.querySelector("[data-child]").textContent ?? "签到码";

function take(scan, id) {
  const scans = queued();
  if (scans.some((one) => (scan.code && one.code === scan.code) || (scan.booking_id && one.booking_id === scan.booking_id))) return;
  const key = newKey();
  keep([...scans, { ...scan, scan_key: key, at: Date.now() }]);
  if (id) show(id, "waiting");
  say(`${nameOf(id)} 待核对`, "waiting", key);
  send();
}

async function post(scans) {
  const answer = await fetch(desk.dataset.sync, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": desk.dataset.token },
    body: JSON.stringify({ scans }),
  });
  if (answer.redirected || !answer.headers.get("Content-Type")?.includes("json")) throw new Refused("请重新登录后再上传");
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body.sentence);
  localStorage.setItem(CLOCK, String(Date.parse(body.now) - Date.now()));
  return body.rows;
}

class Refused extends Error {}

const asSent = ({ at, ...scan }) => ({
  ...scan,
  scanned_at: new Date(at + Number(localStorage.getItem(CLOCK))).toISOString(),
});

async function send() {
  if (sending) return;
  sending = true;
  try {
    // The server's time first, so that a device with a wrong clock still says when it was.
    if (!localStorage.getItem(CLOCK) || !queued().length) await post([]);
    while (queued().length) answered(await post(queued().slice(0, AT_ONCE).map(asSent)));
    part("offline").hidden = true;
  } catch (error) {
    if (error instanceof Refused) say(error.message, "refused");
    else part("offline").hidden = false;
  } finally {
    sending = false;
  }
}

function answered(rows) {
  const done = new Set(rows.map((row) => row.scan_key));
  if (!done.size) throw new Refused("上传没有得到答复，请刷新页面");
  keep(queued().filter((scan) => !done.has(scan.scan_key)));
  for (const row of rows) {
    part("log").querySelector(`[data-key="${row.scan_key}"]`)?.remove();
    if (row.outcome === "refused") {
      if (row.booking_id) show(row.booking_id, "confirmed");
      say(`${nameOf(row.booking_id)} 没有签到：${row.sentence}`, "refused");
    } else {
      show(row.booking_id, row.state);
      say(`${nameOf(row.booking_id)} ${row.sentence}`, "done");
    }
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-tick], [data-typed]")) return;
  event.preventDefault();
  event.stopPropagation(); // the button stays: another code may follow at once
  if (form.matches("[data-tick]")) {
    const id = Number(form.elements.booking.value);
    take({ way: "list", booking_id: id }, id);
    return;
  }
  const code = form.elements.code.value.toUpperCase().replace(/[\s-]/g, "");
  if (!SHORT.test(code)) return say("签到码是 8 位字母和数字，请核对", "refused");
  take({ way: "typed", code });
  form.reset();
  form.elements.code.focus();
}, true);

async function openCamera() {
  const video = part("video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return say("摄像头没有打开，请用签到码或名单", "refused");
  }
  part("camera-button").hidden = true;
  video.hidden = false;
  await video.play();
  look(new BarcodeDetector({ formats: ["qr_code"] }), video, new Map());
}

// The same code stays in view for seconds: it is one scan.
async function look(detector, video, seen) {
  for (const { rawValue } of await detector.detect(video).catch(() => [])) {
    if (Date.now() - (seen.get(rawValue) ?? 0) < 10_000) continue;
    seen.set(rawValue, Date.now());
    const found = PASS.exec(rawValue);
    if (found) take({ way: "qr", code: rawValue }, Number(found[1] ?? found[2]));
    else say("这不是澄育的签到码", "refused");
    navigator.vibrate?.(found ? 60 : [60, 60, 60]);
  }
  setTimeout(() => look(detector, video, seen), 250);
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  part("camera").hidden = false;
  part("camera-button").addEventListener("click", openCamera);
}
for (const scan of queued()) if (scan.booking_id) show(scan.booking_id, "waiting");
keep(queued());
send();
window.addEventListener("online", send);
setInterval(() => queued().length && send(), RETRY_MS);
navigator.serviceWorker?.register(desk.dataset.worker, { scope: "/console/check-in" }).catch(() => {});
