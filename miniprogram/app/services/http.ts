/** The only `wx.request`; files go through files.ts. Adds the token, signs in when there is none, turns problem+json into ApiError. */

import { apiBase } from './base';
import { ApiError, LOGIN_FAILED, UNREACHABLE } from './errors';
import { keep, readKept } from './kept';
import { asking, reached } from './network';
import type { Problem, SessionOut } from './types';

const TOKEN = 'token';
const TIMEOUT_MS = 15_000;
const GATEWAY = [502, 504];

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type Query = Record<string, string | number | null | undefined>;

interface Call {
  method: Method;
  path: string;
  body?: object;
  header?: Record<string, string>;
  /** Guides, towns and centres are read without a token. */
  anonymous?: boolean;
}

export interface Reply {
  status: number;
  body: unknown;
  etag: string;
}

export interface GetOptions {
  query?: Query;
  anonymous?: boolean;
  /** Keep the answer on the phone under this name and give it back when no network is there. */
  keepAs?: string;
}

function headerOf(header: object, name: string): string {
  const found = Object.entries(header).find(([key]) => key.toLowerCase() === name);
  return found ? String(found[1]) : '';
}

export function withQuery(path: string, query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return parts.length ? `${path}?${parts.join('&')}` : path;
}

function send(call: Call, header: Record<string, string>): Promise<Reply> {
  const since = asking();
  return new Promise((resolve, reject) => {
    wx.request({
      url: apiBase() + call.path,
      method: call.method,
      data: call.body,
      header: { Accept: 'application/json', ...header, ...call.header },
      timeout: TIMEOUT_MS,
      success: (result) => {
        reached(true, since);
        resolve({
          status: result.statusCode,
          body: result.data,
          etag: headerOf(result.header, 'etag'),
        });
      },
      fail: ({ errMsg }) => {
        reached(false, since);
        reject(new ApiError(UNREACHABLE, 0, errMsg));
      },
    });
  });
}

export function problem(reply: Reply): ApiError {
  const body = (typeof reply.body === 'object' && reply.body ? reply.body : {}) as Partial<Problem>;
  return new ApiError(body.code || 'internal', reply.status, body.title, body.detail ?? '');
}

function loginCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    wx.login({
      success: ({ code }) => resolve(code),
      fail: ({ errMsg }) => reject(new ApiError(LOGIN_FAILED, 0, errMsg)),
    });
  });
}

let signingIn: Promise<string> | null = null;

async function exchangeCode(): Promise<string> {
  const code = await loginCode();
  const reply = await send({ method: 'POST', path: '/sessions', body: { code } }, {});
  if (reply.status !== 201) throw problem(reply);
  const { token } = reply.body as SessionOut;
  wx.setStorageSync(TOKEN, token);
  return token;
}

/** However many requests want a token at once, one login is made. */
function signIn(): Promise<string> {
  signingIn ??= exchangeCode().finally(() => {
    signingIn = null;
  });
  return signingIn;
}

export function storedToken(): string {
  const stored: unknown = wx.getStorageSync(TOKEN);
  return typeof stored === 'string' ? stored : '';
}

export function forgetToken(): void {
  wx.removeStorageSync(TOKEN);
}

/** Runs `exchange` with the header that says who asks; a second time when the token had run out. */
export async function signed(
  exchange: (header: Record<string, string>) => Promise<Reply>,
): Promise<Reply> {
  const token = storedToken() || (await signIn());
  const reply = await exchange({ Authorization: `Bearer ${token}` });
  if (reply.status !== 401) return reply;
  // another request may have signed in again meanwhile: its token is then the good one
  if (storedToken() === token) forgetToken();
  const fresh = storedToken() || (await signIn());
  return exchange({ Authorization: `Bearer ${fresh}` });
}

function sendSigned(call: Call): Promise<Reply> {
  return call.anonymous ? send(call, {}) : signed((header) => send(call, header));
}

function unreachable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || GATEWAY.includes(error.status));
}

async function attempt(call: Call): Promise<Reply> {
  const reply = await sendSigned(call);
  if (reply.status >= 400) throw problem(reply);
  return reply;
}

/** A read does no harm twice; a write is repeated only by a person. */
async function exchange(call: Call): Promise<Reply> {
  try {
    return await attempt(call);
  } catch (error) {
    if (call.method !== 'GET' || !unreachable(error)) throw error;
    return attempt(call);
  }
}

/** Raises ApiError. With `keepAs` a copy from the phone answers when the service cannot be reached. */
export async function get<T>(path: string, options: GetOptions = {}): Promise<T> {
  const url = withQuery(path, options.query);
  const kept = options.keepAs ? readKept<T>(options.keepAs) : null;
  const known = kept && kept.etag && kept.url === url ? kept : null;
  try {
    const reply = await exchange({
      method: 'GET',
      path: url,
      anonymous: options.anonymous,
      header: known ? { 'If-None-Match': known.etag } : {},
    });
    if (reply.status === 304 && known) return known.body;
    const body = reply.body as T;
    if (options.keepAs) keep(options.keepAs, { url, etag: reply.etag, body });
    return body;
  } catch (error) {
    if (kept && unreachable(error)) return kept.body;
    throw error;
  }
}

async function write<T>(method: Method, path: string, body?: object, key?: string): Promise<T> {
  const header: Record<string, string> = key ? { 'Idempotency-Key': key } : {};
  return (await exchange({ method, path, body, header })).body as T;
}

/** `key`: the same key gives the same answer again, so a repeated tap cannot do a thing twice. */
export function post<T>(path: string, body: object = {}, key?: string): Promise<T> {
  return write<T>('POST', path, body, key);
}

export function put<T>(path: string, body: object): Promise<T> {
  return write<T>('PUT', path, body);
}

export function remove<T>(path: string): Promise<T> {
  return write<T>('DELETE', path);
}

/** A fresh idempotency key: 32 characters 0-9 a-f. */
export function newKey(): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16));
  return digits.join('');
}
