/** Files to and from the service. As in http.ts: the token, one sign-in, problems as ApiError. */

import { apiBase } from './base';
import { ApiError, UNREACHABLE } from './errors';
import { problem, signed, type Reply } from './http';
import { asking, reached } from './network';

const TIMEOUT_MS = 60_000;

type Fields = Record<string, string>;
type Progress = (percent: number) => void;

function unreachable(errMsg: string, since: number): ApiError {
  reached(false, since);
  return new ApiError(UNREACHABLE, 0, errMsg);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Sends a file of this phone as a form. Never repeated by itself: it may be large. */
export async function upload<T>(
  path: string,
  file: { name: string; path: string },
  fields: Fields,
  progress: Progress,
): Promise<T> {
  const exchange = (header: Fields): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const since = asking();
      const task = wx.uploadFile({
        url: apiBase() + path,
        name: file.name,
        filePath: file.path,
        formData: fields,
        header: { Accept: 'application/json', ...header },
        timeout: TIMEOUT_MS,
        success: ({ statusCode, data }) => {
          reached(true, since);
          resolve({ status: statusCode, body: parsed(data), etag: '' });
        },
        fail: ({ errMsg }) => reject(unreachable(errMsg, since)),
      });
      task.onProgressUpdate((update) => progress(update.progress));
    });
  const reply = await signed(exchange);
  if (reply.status >= 400) throw problem(reply);
  return reply.body as T;
}

/** Fetches a file that only its family may see; a path on this phone, for a while. */
export async function download(path: string): Promise<string> {
  const exchange = (header: Fields): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const since = asking();
      wx.downloadFile({
        url: apiBase() + path,
        header,
        timeout: TIMEOUT_MS,
        success: ({ statusCode, tempFilePath }) => {
          reached(true, since);
          resolve({ status: statusCode, body: tempFilePath, etag: '' });
        },
        fail: ({ errMsg }) => reject(unreachable(errMsg, since)),
      });
    });
  const reply = await signed(exchange);
  if (reply.status === 404) throw new ApiError('not_found', 404);
  if (reply.status >= 400) throw problem({ ...reply, body: null });
  return reply.body as string;
}
