// wx.request and the state of the network.
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

export const network = {
  request,
  getNetworkType: asynchronous('getNetworkType', () => ({ networkType: status().networkType })),
  onNetworkStatusChange: (listener) => void listeners.add(listener),
  offNetworkStatusChange: (listener) =>
    void (listener ? listeners.delete(listener) : listeners.clear()),
};
