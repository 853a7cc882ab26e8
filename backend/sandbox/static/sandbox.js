// Asks every two seconds what changed and draws only that.

import { drawPhones, drawScreen } from './phone.js';
import { drawFaults, drawNight, drawPerson, drawPushes, drawTemplates } from './workshop.js';

const EVERY_MS = 2000;
const trouble = document.getElementById('trouble');
let shown = Number(sessionStorage.getItem('phone')) || null;
let seen = -1;
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
  try {
    await ask('POST', `/sandbox/api/${path}`, body ?? {});
    say('');
  } catch (error) {
    say(`没有做成：${error.message}`);
  }
  await refresh();
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
  try {
    const overview = await ask('GET', `/sandbox/api/overview?${query}`);
    if (trouble.dataset.lost) {
      delete trouble.dataset.lost;
      say('');
    }
    if (overview === null) return;
    seen = overview.version;
    drawPhones(overview.phones, overview.phone.id, show);
    drawScreen(overview, (id) => post(`phones/${id}/choose`));
    drawTemplates(overview, post);
    drawPerson(overview, post);
    drawFaults(overview.faults, removeFault);
    drawPushes(overview.pushes);
  } catch (error) {
    if (shown !== null && /no such phone/.test(error.message)) {
      shown = null; // another sandbox than the one this tab knew
      sessionStorage.removeItem('phone');
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
