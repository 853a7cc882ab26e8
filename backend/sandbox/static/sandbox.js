// Asks every two seconds what changed and draws only that.

import { drawAccounts, drawChat, drawCodes, drawOutcomes, toNewest } from './account.js';
import { drawPhones, drawScreen } from './phone.js';
import { drawFaults, drawNight, drawPerson, drawPushes, drawTemplates } from './workshop.js';

const EVERY_MS = 2000;
const accountChoice = document.getElementById('account');
const trouble = document.getElementById('trouble');
let shown = Number(sessionStorage.getItem('phone')) || null;
let account = sessionStorage.getItem('account');
let seen = -1;
let latest = null; // the overview that is drawn
let nightly = true; // until /demo/queue says that this is no demo

async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.errMsg ?? answer.error ?? `HTTP ${response.status}`);
}

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

async function post(path, body) {
  let done = true;
  try {
    await ask('POST', `/sandbox/api/${path}`, body ?? {});
    say('');
  } catch (error) {
    done = false;
    say(`没有做成：${error.message}`);
  }
  await refresh();
  return done;
}

async function removeFault(id) {
  await ask('DELETE', `/sandbox/api/faults${id === null ? '' : `/${id}`}`);
  await refresh();
}

async function show(id) {
  shown = id;
  sessionStorage.setItem('phone', id);
  seen = -1;
  await refresh();
}

async function refresh() {
  const query = new URLSearchParams({ seen });
  if (shown !== null) query.set('phone', shown);
  if (account) query.set('account', account);
  try {
    const wanted = [shown, account];
    const overview = await ask('GET', `/sandbox/api/overview?${query}`);
    if (trouble.dataset.lost) {
      delete trouble.dataset.lost;
      say('');
    }
    if (overview === null) return;
    if (wanted[0] !== shown || wanted[1] !== account) return; // another was chosen meanwhile
    seen = overview.version;
    drawPhones(overview.phones, overview.phone.id, show);
    drawScreen(overview, (id) => post(`phones/${id}/choose`));
    drawTemplates(overview, post);
    drawPerson(overview, post);
    latest = overview;
    drawAccounts(overview, accountChoice);
    drawChat(overview, post);
    drawCodes(overview, post);
    drawOutcomes(overview, post);
    drawFaults(overview.faults, removeFault);
    drawPushes(overview.pushes);
  } catch (error) {
    if (shown !== null && /no such phone/.test(error.message)) {
      shown = null; // another sandbox than the one this tab knew
      sessionStorage.removeItem('phone');
      return;
    }
    if (account && /appid/.test(error.message)) {
      account = null;
      sessionStorage.removeItem('account');
      return;
    }
    trouble.dataset.lost = 'yes';
    say('连不上微信沙箱，正在重试……');
  }
}

async function refreshNight() {
  if (!nightly) return;
  try {
    const response = await fetch('/demo/queue');
    nightly = response.status !== 404;
    if (response.ok) drawNight(await response.json(), sendNow);
    else drawNight(null, sendNow);
  } catch {
    // the next round tries again; the page itself says when the sandbox is gone
  }
}

async function sendNow() {
  const response = await fetch('/demo/send-now', { method: 'POST' });
  if (!response.ok) say(`没有做成：HTTP ${response.status}`);
  await refreshNight();
}

function view(chat) {
  for (const id of ['chat', 'chat-bar']) document.getElementById(id).hidden = !chat;
  document.getElementById('messages').hidden = chat;
  document.getElementById('view-chat').setAttribute('aria-pressed', String(chat));
  document.getElementById('view-notices').setAttribute('aria-pressed', String(!chat));
  document.getElementById('screen-title').textContent = chat ? '公众号' : '服务通知';
  if (chat) toNewest();
}

document.getElementById('view-notices').addEventListener('click', () => view(false));
document.getElementById('view-chat').addEventListener('click', () => view(true));

accountChoice.addEventListener('change', async () => {
  account = accountChoice.value;
  sessionStorage.setItem('account', account);
  seen = -1;
  await refresh();
});

document.getElementById('chat-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const { phone, chat } = latest;
  const body = { phone: phone.id, appid: chat.appid, text: form.elements.text.value };
  if (await post('texts', body)) form.reset();
});

document.getElementById('scan-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const body = { phone: latest.phone.id, ticket: form.elements.ticket.value };
  if (await post('scans', body)) form.reset();
});

document.getElementById('add-phone').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  await post('phones', { name: form.elements.name.value });
  form.reset();
});

const faultForm = document.getElementById('add-fault');
faultForm.elements.kind.addEventListener('change', () => {
  for (const label of faultForm.querySelectorAll('[data-for]')) {
    label.hidden = label.dataset.for !== faultForm.elements.kind.value;
  }
});
faultForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { path, kind, errcode, http_status: status, delay_ms: delay, rate, times } =
    faultForm.elements;
  const fault = { path: path.value, rate: Number(rate.value) / 100, delay_ms: Number(delay.value) };
  if (times.value) fault.times = Number(times.value);
  if (kind.value === 'errcode') fault.errcode = Number(errcode.value);
  if (kind.value === 'http_status') fault.http_status = Number(status.value);
  if (kind.value.startsWith('drop-')) fault.drop = kind.value.slice('drop-'.length);
  const problem = document.getElementById('fault-problem');
  problem.hidden = true;
  try {
    await ask('POST', '/sandbox/api/faults', fault);
  } catch {
    problem.textContent = kind.value === 'slow' ? '请填延迟的毫秒数' : '请检查填写的数字';
    problem.hidden = false;
  }
  await refresh();
});

async function watch() {
  if (!document.hidden) await Promise.all([refresh(), refreshNight()]);
  setTimeout(watch, EVERY_MS);
}

document.addEventListener('visibilitychange', () => document.hidden || refresh());
watch();
