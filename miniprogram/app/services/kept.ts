/** Answers kept on the phone, so that what was read before can be read without a network. */

export interface Kept<T> {
  url: string;
  etag: string;
  body: T;
}

const PREFIX = 'kept:';
const INDEX = 'kept-index';
const MOST = 240; // the whole library and what is personal; about 10 kB each

function index(): string[] {
  const stored: unknown = wx.getStorageSync(INDEX);
  return Array.isArray(stored) ? stored.map(String) : [];
}

export function readKept<T>(name: string): Kept<T> | null {
  const stored: unknown = wx.getStorageSync(PREFIX + name);
  return stored ? (stored as Kept<T>) : null;
}

/** A full or broken storage must not break a page that has its answer already. */
export function keep<T>(name: string, kept: Kept<T>): void {
  try {
    const names = [name, ...index().filter((other) => other !== name)];
    for (const old of names.slice(MOST)) wx.removeStorageSync(PREFIX + old);
    wx.setStorageSync(PREFIX + name, kept);
    wx.setStorageSync(INDEX, names.slice(0, MOST));
  } catch {
    forgetKept();
  }
}

/** Forgets everything whose name begins with `start`; everything kept when nothing is given. */
export function forgetKept(start = ''): void {
  const names = index();
  for (const name of names) if (name.startsWith(start)) wx.removeStorageSync(PREFIX + name);
  wx.setStorageSync(
    INDEX,
    names.filter((name) => !name.startsWith(start)),
  );
}
