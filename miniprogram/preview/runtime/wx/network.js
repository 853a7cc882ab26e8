// wx.request, files to and from a server, and the state of the network.
import { serverUrl } from '../location.js';
import { asynchronous } from './call.js';

const TIMEOUT_MS = 60_000; // WeChat's default
const listeners = new Set();
let cut = false;

export const isConnected = () => navigator.onLine && !cut;
const status = () => ({
  isConnected: isConnected(),
  networkType: isConnected() ? 'wifi' : 'none',
});
const announce = () => listeners.forEach((listener) => listener(status()));

for (const type of ['online', 'offline']) addEventListener(type, announce);

/** Cut this phone off, or connect it again (the frame's switch). */
export function cutNetwork(value) {
  cut = value;
  announce();
}

/** fetch() as long as the phone has a network. */
export async function reach(url, options) {
  if (!isConnected()) throw new Error('fail net::ERR_INTERNET_DISCONNECTED');
  return fetch(url, options);
}

function request(options) {
  const abort = new AbortController();
  asynchronous('request', () => exchange(options, abort.signal))({
    ...options,
    complete: options.complete ?? (() => {}),
  });
  return { abort: () => abort.abort() };
}

async function exchange({ url, method = 'GET', data, header, timeout = TIMEOUT_MS }, aborted) {
  const headers = new Headers({ 'content-type': 'application/json', ...header });
  const target = new URL(serverUrl(url));
  const inBody = !['GET', 'HEAD'].includes(method.toUpperCase());
  if (!inBody)
    for (const [name, value] of Object.entries(data ?? {}))
      target.searchParams.set(name, String(value));
  const signal = AbortSignal.any([aborted, AbortSignal.timeout(timeout)]);
  const body = inBody ? encoded(data, headers) : undefined;
  try {
    const response = await reach(target, { method, headers, body, signal });
    const { status: statusCode } = response;
    const answer = parsed(await response.text());
    return { statusCode, data: answer, header: Object.fromEntries(response.headers), cookies: [] };
  } catch (error) {
    throw new Error(reason(error, aborted));
  }
}

function encoded(data, headers) {
  if (data === undefined || typeof data === 'string') return data;
  return headers.get('content-type').includes('urlencoded')
    ? String(new URLSearchParams(data))
    : JSON.stringify(data);
}

/** WeChat tries JSON and otherwise hands over the text. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reason(error, aborted) {
  if (aborted.aborted) return 'abort';
  return error.name === 'TimeoutError' ? 'timeout' : error.message;
}

/** A form with one file; XMLHttpRequest, because fetch tells nothing of its progress. */
function uploadFile(options) {
  const call = new XMLHttpRequest();
  const heard = new Set();
  call.upload.addEventListener('progress', ({ loaded, total }) => {
    const progress = total ? Math.round((loaded / total) * 100) : 0;
    const update = { progress, totalBytesSent: loaded, totalBytesExpectedToSend: total };
    heard.forEach((listener) => listener(update));
  });
  asynchronous('uploadFile', () => uploaded(options, call))({
    ...options,
    complete: options.complete ?? (() => {}),
  });
  return {
    abort: () => call.abort(),
    onProgressUpdate: (listener) => void heard.add(listener),
    offProgressUpdate: (listener) => void heard.delete(listener),
  };
}

async function uploaded({ url, filePath, name, formData, header, timeout = TIMEOUT_MS }, call) {
  if (!filePath || !name) throw new Error('parameter error');
  const target = serverUrl(url);
  const form = new FormData();
  for (const [key, value] of Object.entries(formData ?? {})) form.append(key, String(value));
  form.append(name, await fileAt(filePath), 'tmp.jpg');
  if (!isConnected()) throw new Error('fail net::ERR_INTERNET_DISCONNECTED');
  return new Promise((resolve, reject) => {
    call.open('POST', target);
    call.timeout = timeout;
    for (const [key, value] of Object.entries(header ?? {})) call.setRequestHeader(key, value);
    call.onload = () => resolve({ statusCode: call.status, data: call.responseText });
    call.onerror = () => reject(new Error('fail net::ERR_FAILED'));
    call.ontimeout = () => reject(new Error('timeout'));
    call.onabort = () => reject(new Error('abort'));
    call.send(form);
  });
}

async function fileAt(path) {
  if (!path.startsWith('blob:')) throw new Error('file not found');
  return (await fetch(path)).blob();
}

async function downloadFile({ url, header, timeout = TIMEOUT_MS }) {
  try {
    const signal = AbortSignal.timeout(timeout);
    const response = await reach(serverUrl(url), { headers: header, signal });
    const tempFilePath = URL.createObjectURL(await response.blob());
    return { statusCode: response.status, tempFilePath };
  } catch (error) {
    throw new Error(error.name === 'TimeoutError' ? 'timeout' : error.message);
  }
}

export const network = {
  request,
  uploadFile,
  downloadFile: asynchronous('downloadFile', downloadFile),
  getNetworkType: asynchronous('getNetworkType', () => ({ networkType: status().networkType })),
  onNetworkStatusChange: (listener) => void listeners.add(listener),
  offNetworkStatusChange: (listener) =>
    void (listener ? listeners.delete(listener) : listeners.clear()),
};
